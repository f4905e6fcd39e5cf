package io.sppostream.learn;

import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.UpdateResult;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of the policy: the samples in training order, cut into mini-batches, one optimizer step each, on the token
 * mean of {@link ClippedPolicyLoss}. No entropy term, no KL term, no reference model (ALGORITHMS: SPPO).
 */
public final class PolicyUpdate {

    /**
     * @param loss the loss per token
     * @param learningRate by step
     * @param miniBatches optimizer steps a step
     * @param temperature log-probabilities are of logits / temperature, as sampled
     */
    public record Settings(ClippedPolicyLoss loss, LearningRate learningRate, int miniBatches, double temperature) {}

    private final PolicyTrainer trainer;
    private final Settings settings;

    public PolicyUpdate(PolicyTrainer trainer, Settings settings) {
        this.trainer = trainer;
        this.settings = settings;
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
        List<List<PolicySample>> batches = TrainingOrder.miniBatches(order, settings.miniBatches());
        for (List<PolicySample> batch : batches) {
            UpdateResult result = update(batch, rate, tally);
            gradientNorm += result.gradientNorm() / batches.size();
            skipped += result.applied() ? 0 : 1;
        }
        Map<String, Double> metrics = tally.metrics();
        metrics.put("learning_rate", rate);
        metrics.put("gradient_norm", gradientNorm);
        metrics.put("skipped_updates", (double) skipped);
        return metrics;
    }

    private UpdateResult update(List<PolicySample> batch, double rate, Tally tally) {
        long tokens = batch.stream().mapToLong(s -> s.advantages().length).sum();
        // Filled by worker threads, each sequence its own slot, and summed in order afterwards: sums of floating-point
        // numbers depend on their order, and the ledger's metrics are to be reproducible.
        Tally[] tallies = new Tally[batch.size()];
        UpdateResult result = trainer.update(
                batch.stream().map(PolicySample::tokens).toList(), settings.temperature(), rate, (i, logProbs) -> {
                    tallies[i] = new Tally();
                    return gradient(batch.get(i), logProbs, tokens, tallies[i]);
                });
        for (Tally each : tallies) {
            tally.add(each);
        }
        return result;
    }

    /** dL / dlogp of each token of a sample, where L is the mean over all tokens of the mini-batch. */
    private float[] gradient(PolicySample sample, float[] logProbs, long batchTokens, Tally tally) {
        ClippedPolicyLoss loss = settings.loss();
        float[] gradient = new float[logProbs.length];
        for (int t = 0; t < logProbs.length; t++) {
            double advantage = sample.advantages()[t];
            double ratio = ClippedPolicyLoss.ratio(logProbs[t], sample.behaviourLogProbs()[t]);
            gradient[t] = (float) (loss.gradient(ratio, advantage) / batchTokens);
            tally.tokens++;
            tally.loss += loss.loss(ratio, advantage);
            tally.clipped += loss.isClipped(ratio, advantage) ? 1 : 0;
            tally.dualClipped += loss.isDualClipped(ratio, advantage) ? 1 : 0;
            tally.logRatio += sample.behaviourLogProbs()[t] - logProbs[t];
            tally.maxRatio = Math.max(tally.maxRatio, ratio);
        }
        return gradient;
    }

    private static final class Tally {
        private long tokens;
        private double loss;
        private double clipped;
        private double dualClipped;
        private double logRatio;
        private double maxRatio;

        void add(Tally other) {
            tokens += other.tokens;
            loss += other.loss;
            clipped += other.clipped;
            dualClipped += other.dualClipped;
            logRatio += other.logRatio;
            maxRatio = Math.max(maxRatio, other.maxRatio);
        }

        Map<String, Double> metrics() {
            Map<String, Double> metrics = new HashMap<>();
            metrics.put("response_tokens", (double) tokens);
            metrics.put("loss", loss / tokens);
            metrics.put("clip_fraction", clipped / tokens);
            metrics.put("dual_clip_fraction", dualClipped / tokens);
            metrics.put("approximate_kl", logRatio / tokens);
            metrics.put("ratio_max", maxRatio);
            return metrics;
        }
    }
}
