package io.sppostream.learn.update;

import io.sppostream.model.CriticTrainer;
import io.sppostream.model.UpdateResult;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * One step of the critic. The samples, in training order, are cut into mini-batches with one optimizer step each. The loss
 * of a mini-batch is the mean of {@link CriticObjective} over its values that carry loss. SPPO (arXiv 2604.08865) has one
 * value per sample, that of the prompt, and for B prompts
 *
 * <pre>
 *   L = -1/B sum over i of ( R_i log V_i + (1 - R_i) log(1 - V_i) ),   V_i = sigmoid(z_i)
 * </pre>
 *
 * <p>A critic of tokens has one value before each response token.
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
        double trained =
                Math.max(1, order.stream().mapToInt(CriticSample::trainedValues).sum());
        double loss = 0;
        int clipped = 0;
        double flops = 0;
        double gradientNorm = 0;
        int skipped = 0;
        List<List<CriticSample>> batches = TrainingOrder.miniBatches(order, settings.miniBatches());
        for (List<CriticSample> batch : batches) {
            CriticMiniBatch miniBatch = new CriticMiniBatch(settings.objective(), batch);
            UpdateResult result =
                    trainer.update(batch.stream().map(CriticSample::tokens).toList(), rate, miniBatch);
            loss += miniBatch.loss() / trained;
            flops += trainer.flops(batch.stream().map(CriticSample::tokens).toList());
            clipped += miniBatch.clipped();
            gradientNorm += result.gradientNorm() / batches.size();
            skipped += result.applied() ? 0 : 1;
        }
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("loss", loss);
        ValueLoss.explainedVariance(trainedOnly(order, CriticSample::values), trainedOnly(order, CriticSample::targets))
                .ifPresent(explained -> metrics.put("explained_variance", explained));
        if (settings.objective().clip() > 0) {
            metrics.put("value_clip_fraction", clipped / trained);
        }
        metrics.put("total_tokens", (double) order.stream()
                .mapToLong(sample -> sample.tokens().tokens().length)
                .sum());
        metrics.put("update_flops", flops);
        metrics.put("learning_rate", rate);
        metrics.put("gradient_norm", gradientNorm);
        metrics.put("skipped_updates", (double) skipped);
        return metrics;
    }

    /** What is there of the values that carry loss, in training order. */
    private static double[] trainedOnly(List<CriticSample> order, Function<CriticSample, double[]> of) {
        return order.stream()
                .flatMapToDouble(sample -> IntStream.range(0, sample.trained().length)
                        .filter(i -> sample.trained()[i])
                        .mapToDouble(i -> of.apply(sample)[i]))
                .toArray();
    }
}
