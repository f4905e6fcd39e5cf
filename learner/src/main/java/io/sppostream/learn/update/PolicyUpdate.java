package io.sppostream.learn.update;

import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.UpdateResult;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of the policy: the samples in training order, cut into mini-batches, one optimizer step each, on the token
 * mean of {@link ClippedPolicyLoss}, or of {@link DecoupledPolicyLoss} where samples may be stale. No entropy term, no
 * KL term, no reference model (ALGORITHMS: SPPO).
 */
public final class PolicyUpdate {

    /**
     * @param loss the loss per token
     * @param decoupled whether the clip is around the policy that the step began with, and not around the behaviour
     * @param learningRate by step
     * @param miniBatches optimizer steps a step
     * @param temperature log-probabilities are of logits / temperature, as sampled
     */
    public record Settings(
            ClippedPolicyLoss loss,
            boolean decoupled,
            LearningRate learningRate,
            int miniBatches,
            double temperature) {}

    private final PolicyTrainer trainer;
    private final Settings settings;
    private final DecoupledPolicyLoss loss;

    public PolicyUpdate(PolicyTrainer trainer, Settings settings) {
        this.trainer = trainer;
        this.settings = settings;
        this.loss = new DecoupledPolicyLoss(settings.loss());
    }

    /**
     * Trains on the samples, given in training order.
     *
     * @param step the step, counting from 1
     * @return what was measured, by the names the ledger uses
     */
    public Map<String, Double> apply(int step, List<PolicySample> order) {
        Tally tally = new Tally();
        double rate = settings.learningRate().at(step);
        double gradientNorm = 0;
        int skipped = 0;
        float[][] proximal = proximalLogProbs(order);
        int from = 0;
        List<List<PolicySample>> batches = TrainingOrder.miniBatches(order, settings.miniBatches());
        for (List<PolicySample> batch : batches) {
            UpdateResult result = update(batch, Arrays.copyOfRange(proximal, from, from + batch.size()), rate, tally);
            from += batch.size();
            gradientNorm += result.gradientNorm() / batches.size();
            skipped += result.applied() ? 0 : 1;
        }
        Map<String, Double> metrics = tally.metrics();
        metrics.put("learning_rate", rate);
        metrics.put("gradient_norm", gradientNorm);
        metrics.put("skipped_updates", (double) skipped);
        return metrics;
    }

    /**
     * What the clip is around, shape [samples][T]: the weights as they are now, before the first update, or simply the
     * behaviour.
     */
    private float[][] proximalLogProbs(List<PolicySample> order) {
        return settings.decoupled()
                ? trainer.logProbs(order.stream().map(PolicySample::tokens).toList(), settings.temperature())
                : order.stream().map(PolicySample::behaviourLogProbs).toArray(float[][]::new);
    }

    private UpdateResult update(List<PolicySample> batch, float[][] proximal, double rate, Tally tally) {
        long tokens = batch.stream().mapToLong(s -> s.advantages().length).sum();
        // Filled by worker threads, each sequence its own slot, and summed in order afterwards: sums of floating-point
        // numbers depend on their order, and the ledger's metrics are to be reproducible.
        Tally[] tallies = new Tally[batch.size()];
        UpdateResult result = trainer.update(
                batch.stream().map(PolicySample::tokens).toList(), settings.temperature(), rate, (i, logProbs) -> {
                    tallies[i] = new Tally();
                    return gradient(batch.get(i), logProbs, proximal[i], tokens, tallies[i]);
                });
        for (Tally each : tallies) {
            tally.add(each);
        }
        return result;
    }

    /** dL / dlogp of each token of a sample, where L is the mean over all tokens of the mini-batch. */
    private float[] gradient(PolicySample sample, float[] logProbs, float[] proximal, long batchTokens, Tally tally) {
        float[] gradient = new float[logProbs.length];
        for (int t = 0; t < logProbs.length; t++) {
            double advantage = sample.advantages()[t];
            float behaviour = sample.behaviourLogProbs()[t];
            double ratio = ClippedPolicyLoss.ratio(logProbs[t], proximal[t]);
            gradient[t] = (float) (loss.gradient(logProbs[t], proximal[t], behaviour, advantage) / batchTokens);
            tally.tokens++;
            tally.loss += loss.loss(logProbs[t], proximal[t], behaviour, advantage);
            tally.clipped += settings.loss().isClipped(ratio, advantage) ? 1 : 0;
            tally.dualClipped += settings.loss().isDualClipped(ratio, advantage) ? 1 : 0;
            tally.logRatio += behaviour - logProbs[t];
            tally.ratios.add(ClippedPolicyLoss.ratio(logProbs[t], behaviour));
        }
        return gradient;
    }

    private static final class Tally {
        private long tokens;
        private double loss;
        private double clipped;
        private double dualClipped;
        private double logRatio;
        private final ImportanceRatios ratios = new ImportanceRatios();

        void add(Tally other) {
            tokens += other.tokens;
            loss += other.loss;
            clipped += other.clipped;
            dualClipped += other.dualClipped;
            logRatio += other.logRatio;
            ratios.add(other.ratios);
        }

        Map<String, Double> metrics() {
            Map<String, Double> metrics = new HashMap<>(ratios.metrics());
            metrics.put("response_tokens", (double) tokens);
            metrics.put("loss", loss / tokens);
            metrics.put("clip_fraction", clipped / tokens);
            metrics.put("dual_clip_fraction", dualClipped / tokens);
            metrics.put("approximate_kl", logRatio / tokens);
            return metrics;
        }
    }
}
