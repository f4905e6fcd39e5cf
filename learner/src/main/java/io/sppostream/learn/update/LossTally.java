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
    private long clipped;
    private long dualClipped;
    private double logRatio;
    private final ImportanceRatios ratios = new ImportanceRatios();

    /** @param responseTokens whether they carry loss or not */
    LossTally(int responseTokens) {
        this.responseTokens = responseTokens;
    }

    /** Adds a token that carries loss. */
    void add(
            double tokenLoss,
            double tokenDivergence,
            boolean isClipped,
            boolean isDualClipped,
            double logProb,
            double behaviourLogProb) {
        tokens++;
        loss += tokenLoss;
        divergence += tokenDivergence;
        clipped += isClipped ? 1 : 0;
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
        clipped += other.clipped;
        dualClipped += other.dualClipped;
        logRatio += other.logRatio;
        ratios.add(other.ratios);
    }

    /** By the names the ledger uses. Without a token that carries loss, the loss is 0 and there are no ratios. */
    Map<String, Double> metrics(PolicyObjective objective) {
        KlPenalty kl = objective.kl();
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("response_tokens", (double) responseTokens);
        metrics.put("trained_tokens", (double) tokens);
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
        metrics.put("clip_fraction", (double) clipped / tokens);
        metrics.put("dual_clip_fraction", (double) dualClipped / tokens);
        metrics.put("approximate_kl", logRatio / tokens);
        metrics.putAll(ratios.metrics());
        return metrics;
    }
}
