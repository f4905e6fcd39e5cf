package io.sppostream.learn.update;

import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import java.util.HashMap;
import java.util.Map;

/**
 * What a policy loss measures over the tokens that carry loss, of a response or of a step. Each token counts under the
 * weights that its mini-batch began with. For one thread.
 */
final class LossTally {
    private long responseTokens;
    private long tokens;
    private long responses;
    private double loss;
    private double lossOfResponses;
    private double divergence;
    private double divergenceOfResponses;
    private long clippedLow;
    private long clippedHigh;
    private long dualClipped;
    private double logRatio;
    private double entropy;
    private long mismatchTokens;
    private double mismatch;
    private final ImportanceRatios ratios = new ImportanceRatios();

    /**
     * @param responseTokens whether they carry loss or not
     * @param entropy the sum of their entropies
     */
    LossTally(int responseTokens, double entropy) {
        this.responseTokens = responseTokens;
        this.entropy = entropy;
    }

    /**
     * Adds a token that the same weights have sampled and score now.
     *
     * @param divergence k3 of the sampler's probability from the learner's
     */
    void addMismatch(double divergence) {
        mismatchTokens++;
        mismatch += divergence;
    }

    /**
     * Adds a token that carries loss.
     *
     * @param isClipped whether the clip applies, at its lower end if the advantage is negative
     */
    void add(
            double tokenLoss,
            double tokenDivergence,
            double advantage,
            boolean isClipped,
            boolean isDualClipped,
            double logProb,
            double behaviourLogProb) {
        tokens++;
        loss += tokenLoss;
        divergence += tokenDivergence;
        clippedLow += isClipped && advantage < 0 ? 1 : 0;
        clippedHigh += isClipped && advantage > 0 ? 1 : 0;
        dualClipped += isDualClipped ? 1 : 0;
        logRatio += behaviourLogProb - logProb;
        ratios.add(ClippedPolicyLoss.ratio(logProb, behaviourLogProb));
    }

    /** Ends a response: adds the means over its tokens. */
    void endOfResponse() {
        if (tokens > 0) {
            responses = 1;
            lossOfResponses = loss / tokens;
            divergenceOfResponses = divergence / tokens;
        }
    }

    void add(LossTally other) {
        responseTokens += other.responseTokens;
        tokens += other.tokens;
        responses += other.responses;
        loss += other.loss;
        lossOfResponses += other.lossOfResponses;
        divergence += other.divergence;
        divergenceOfResponses += other.divergenceOfResponses;
        clippedLow += other.clippedLow;
        clippedHigh += other.clippedHigh;
        dualClipped += other.dualClipped;
        logRatio += other.logRatio;
        entropy += other.entropy;
        mismatchTokens += other.mismatchTokens;
        mismatch += other.mismatch;
        ratios.add(other.ratios);
    }

    /** By the names the ledger uses. Without a token that carries loss, the loss is 0 and there are no ratios. */
    Map<String, Double> metrics(PolicyObjective objective) {
        KlPenalty kl = objective.kl();
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("response_tokens", (double) responseTokens);
        metrics.put("trained_tokens", (double) tokens);
        if (responseTokens > 0) {
            metrics.put("entropy", entropy / responseTokens);
        }
        if (mismatchTokens > 0) {
            metrics.put("mismatch_kl", mismatch / mismatchTokens);
        }
        if (tokens == 0) {
            metrics.put("loss", 0.0);
            return metrics;
        }
        boolean ofTokens = objective.mean() == LossMean.TOKEN;
        double total = ofTokens ? loss / tokens : lossOfResponses / responses;
        if (kl.place().isInLoss()) {
            metrics.put("reference_kl", divergence / tokens);
            double penalty = kl.place() == KlPenalty.Place.SEQUENCE_LOSS
                    ? divergence / responses
                    : ofTokens ? divergence / tokens : divergenceOfResponses / responses;
            total += kl.coefficient() * penalty;
        }
        metrics.put("loss", total);
        metrics.put("clip_fraction", (double) (clippedLow + clippedHigh) / tokens);
        metrics.put("clip_fraction_low", (double) clippedLow / tokens);
        metrics.put("clip_fraction_high", (double) clippedHigh / tokens);
        metrics.put("dual_clip_fraction", (double) dualClipped / tokens);
        metrics.put("approximate_kl", logRatio / tokens);
        metrics.putAll(ratios.metrics());
        return metrics;
    }
}
