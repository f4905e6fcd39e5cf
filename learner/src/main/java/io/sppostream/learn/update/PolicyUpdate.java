package io.sppostream.learn.update;

import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.UpdateResult;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of the policy, as SPPO trains it (arXiv 2604.08865). The samples, in training order, are cut into
 * mini-batches with one optimizer step each. The loss of a mini-batch is the mean over all of its [B, T] response
 * tokens of {@link ClippedPolicyLoss}, or of {@link DecoupledPolicyLoss} for older samples. It has no entropy term, no
 * KL term and no reference model.
 */
public final class PolicyUpdate {
    private final PolicyTrainer trainer;
    private final PolicyUpdateSettings settings;
    private final DecoupledPolicyLoss loss;

    public PolicyUpdate(PolicyTrainer trainer, PolicyUpdateSettings settings) {
        this.trainer = trainer;
        this.settings = settings;
        this.loss = new DecoupledPolicyLoss(settings.loss());
    }

    /**
     * Trains on the samples, given in training order.
     *
     * @param step the step, counting from 1
     * @return metrics by the names the ledger uses; the map is mutable
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
     * Log-probabilities of the policy that the clip is centred on, shape [samples, T]: the current one, before the
     * first update, or the behaviour policy.
     */
    private float[][] proximalLogProbs(List<PolicySample> order) {
        return settings.decoupled()
                ? trainer.logProbs(order.stream().map(PolicySample::tokens).toList(), settings.temperature())
                : order.stream().map(PolicySample::behaviourLogProbs).toArray(float[][]::new);
    }

    private UpdateResult update(List<PolicySample> batch, float[][] proximal, double rate, Tally tally) {
        long tokens = batch.stream().mapToLong(s -> s.advantages().length).sum();
        // Worker threads fill one slot per sequence. The slots are summed in order afterwards, because a floating-point
        // sum depends on its order, and the ledger's metrics must be reproducible.
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

    /** dL / dlogp of each token of a sample, shape [T], where L is the mean over all tokens of the mini-batch. */
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
