package io.sppostream.learn.update;

import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Estimates of the Kullback-Leibler divergence of a policy from a frozen reference, by the names of J. Schulman,
 * "Approximating KL divergence" (2020), and the penalties made of them. Log-probabilities are in nats.
 *
 * <pre>
 *   k1 = logp - logp_ref                                 of a token that the policy sampled
 *   k3 = exp(d) - d - 1,  dk3 / dlogp = 1 - exp(d)       d = clamp(logp_ref - logp, -20, 20)
 * </pre>
 *
 * <p>Both are 0 if the policy is the reference. k3 is never negative. Its derivative ignores the clamp.
 */
final class ReferenceKl {
    private static final double MAX_LOG_RATIO = 20;

    private ReferenceKl() {}

    /** k1 of a token, under the policy that sampled it. */
    static double k1(double behaviourLogProb, double referenceLogProb) {
        return behaviourLogProb - referenceLogProb;
    }

    /** k3 of a token, at least 0. */
    static double k3(double logProb, double referenceLogProb) {
        double d = logRatio(logProb, referenceLogProb);
        return Math.expm1(d) - d;
    }

    /** dk3 / dlogp of a token. */
    static double k3Gradient(double logProb, double referenceLogProb) {
        return -Math.expm1(logRatio(logProb, referenceLogProb));
    }

    private static double logRatio(double logProb, double referenceLogProb) {
        return Math.max(-MAX_LOG_RATIO, Math.min(MAX_LOG_RATIO, referenceLogProb - logProb));
    }

    /**
     * The samples with a penalty in their rewards, of which the advantages are linear functions.
     *
     * <ul>
     *   <li>{@code TOKEN_REWARD}: {@code A_t -= coefficient * sum over u >= t of k1_u}, the penalties from the token on.
     *       This is verl's advantage of ReMax, and GAE at gamma = lambda = 1.
     *   <li>{@code SEQUENCE_REWARD}: {@code A -= coefficient * (K - mean of the K of the others)}, where K is the sum of
     *       k1 over a response, and the others are the samples of the same request in the step. This is verl's advantage of
     *       RLOO. A response without others loses {@code coefficient * K}.
     * </ul>
     *
     * @param samples in training order
     * @param reference log-probabilities of the responses under the reference, shape [samples, T]
     */
    static List<PolicySample> inRewards(List<PolicySample> samples, float[][] reference, KlPenalty penalty) {
        return switch (penalty.place()) {
            case TOKEN_REWARD -> inTokenRewards(samples, reference, penalty.coefficient());
            case SEQUENCE_REWARD -> inSequenceRewards(samples, reference, penalty.coefficient());
            case NONE, TOKEN_LOSS, SEQUENCE_LOSS -> samples;
        };
    }

    private static List<PolicySample> inTokenRewards(
            List<PolicySample> samples, float[][] reference, double coefficient) {
        List<PolicySample> penalized = new ArrayList<>(samples.size());
        for (int i = 0; i < samples.size(); i++) {
            PolicySample sample = samples.get(i);
            double[] advantages = sample.advantages().clone();
            double toCome = 0;
            for (int t = advantages.length - 1; t >= 0; t--) {
                toCome += k1(sample.behaviourLogProbs()[t], reference[i][t]);
                advantages[t] -= coefficient * toCome;
            }
            penalized.add(sample.withAdvantages(advantages));
        }
        return penalized;
    }

    private static List<PolicySample> inSequenceRewards(
            List<PolicySample> samples, float[][] reference, double coefficient) {
        double[] divergences = new double[samples.size()];
        Map<String, Double> sums = new HashMap<>();
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < samples.size(); i++) {
            PolicySample sample = samples.get(i);
            divergences[i] = divergence(sample, reference[i]);
            sums.merge(sample.requestId(), divergences[i], Double::sum);
            counts.merge(sample.requestId(), 1, Integer::sum);
        }
        List<PolicySample> penalized = new ArrayList<>(samples.size());
        for (int i = 0; i < samples.size(); i++) {
            PolicySample sample = samples.get(i);
            int others = counts.getOrDefault(sample.requestId(), 1) - 1;
            double ofOthers = sums.getOrDefault(sample.requestId(), 0.0) - divergences[i];
            double penalty = coefficient * (divergences[i] - (others == 0 ? 0 : ofOthers / others));
            double[] advantages = sample.advantages().clone();
            for (int t = 0; t < advantages.length; t++) {
                advantages[t] -= penalty;
            }
            penalized.add(sample.withAdvantages(advantages));
        }
        return penalized;
    }

    /** The mean of k1 over all response tokens of samples. */
    static double meanK1(List<PolicySample> samples, float[][] reference) {
        double sum = 0;
        long tokens = 0;
        for (int i = 0; i < samples.size(); i++) {
            sum += divergence(samples.get(i), reference[i]);
            tokens += reference[i].length;
        }
        return sum / tokens;
    }

    /** The sum of k1 over a response. */
    private static double divergence(PolicySample sample, float[] reference) {
        double sum = 0;
        for (int t = 0; t < reference.length; t++) {
            sum += k1(sample.behaviourLogProbs()[t], reference[t]);
        }
        return sum;
    }
}
