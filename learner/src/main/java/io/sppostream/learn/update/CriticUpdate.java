package io.sppostream.learn.update;

import io.sppostream.model.CriticTrainer;
import io.sppostream.model.UpdateResult;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of the critic: the samples in training order, cut into mini-batches, one optimizer step each, on the mean
 * binary cross-entropy of V(prompt) against the reward. No value clipping (ALGORITHMS: SPPO).
 */
public final class CriticUpdate {

    /**
     * @param learningRate by step
     * @param miniBatches optimizer steps a step
     */
    public record Settings(LearningRate learningRate, int miniBatches) {}

    private final CriticTrainer trainer;
    private final Settings settings;

    public CriticUpdate(CriticTrainer trainer, Settings settings) {
        this.trainer = trainer;
        this.settings = settings;
    }

    /**
     * Trains on the samples, given in training order.
     *
     * @param step the step, counting from 1
     * @return what was measured, by the names the ledger uses
     */
    public Map<String, Double> apply(int step, List<CriticSample> order) {
        double rate = settings.learningRate().at(step);
        double loss = 0;
        double gradientNorm = 0;
        int skipped = 0;
        List<List<CriticSample>> batches = TrainingOrder.miniBatches(order, settings.miniBatches());
        for (List<CriticSample> batch : batches) {
            double[] losses = new double[batch.size()];
            UpdateResult result =
                    trainer.update(batch.stream().map(CriticSample::prompt).toList(), rate, (i, logit) -> {
                        double reward = batch.get(i).reward();
                        losses[i] = ValueLoss.loss(logit, reward);
                        return (float) (ValueLoss.gradient(logit, reward) / batch.size());
                    });
            for (double each : losses) {
                loss += each / order.size();
            }
            gradientNorm += result.gradientNorm() / batches.size();
            skipped += result.applied() ? 0 : 1;
        }
        double[] values = order.stream().mapToDouble(CriticSample::value).toArray();
        double[] rewards = order.stream().mapToDouble(CriticSample::reward).toArray();
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("loss", loss);
        metrics.put("explained_variance", ValueLoss.explainedVariance(values, rewards));
        metrics.put("learning_rate", rate);
        metrics.put("gradient_norm", gradientNorm);
        metrics.put("skipped_updates", (double) skipped);
        return metrics;
    }
}
