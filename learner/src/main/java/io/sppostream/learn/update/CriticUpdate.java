package io.sppostream.learn.update;

import io.sppostream.model.CriticTrainer;
import io.sppostream.model.UpdateResult;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of the critic, as SPPO trains it (arXiv 2604.08865). The samples, in training order, are cut into
 * mini-batches with one optimizer step each. The loss of a mini-batch of B prompts is the mean binary cross-entropy of
 * value and reward, without value clipping:
 *
 * <pre>
 *   L = -1/B sum over i of ( R_i log V_i + (1 - R_i) log(1 - V_i) ),   V_i = sigmoid(z_i)
 * </pre>
 */
public final class CriticUpdate {
    private final CriticTrainer trainer;
    private final CriticUpdateSettings settings;

    public CriticUpdate(CriticTrainer trainer, CriticUpdateSettings settings) {
        this.trainer = trainer;
        this.settings = settings;
    }

    /**
     * Trains on the samples, given in training order.
     *
     * @param step the step, counting from 1
     * @return metrics by the names the ledger uses; the map is mutable
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
