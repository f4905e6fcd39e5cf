package io.sppostream.learn.update;

import io.sppostream.estimator.Moments;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The whitening of a step's advantages: {@code (A - mean) / sqrt(variance + 1e-8)}, with the moments of the advantages of
 * all tokens of the step that carry loss ({@link Moments}). The moments span the mini-batches of the step and do not
 * depend on micro-batches. They are merged in training order, so that they are the same, bit for bit, whenever the step
 * is trained again.
 */
final class Whitening {
    private Whitening() {}

    /** The moments of the advantages of samples, given in training order. */
    static Moments moments(List<PolicySample> order) {
        Moments moments = Moments.NONE;
        for (PolicySample sample : order) {
            moments = moments.plus(Moments.of(sample.segments()));
        }
        return moments;
    }

    /** The samples with whitened advantages; unchanged if fewer than two tokens carry loss. */
    static List<PolicySample> whiten(List<PolicySample> order, Moments moments) {
        return order.stream()
                .map(sample ->
                        sample.withAdvantages(moments.whiten(sample.segments()).perToken()))
                .toList();
    }

    /** Count, mean and variance of the advantages before whitening, by the names the ledger uses. */
    static Map<String, Double> metrics(Moments moments) {
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("advantage_tokens", (double) moments.tokens());
        metrics.put("advantage_mean", moments.mean());
        if (moments.canWhiten()) {
            metrics.put("advantage_variance", moments.variance());
        }
        return metrics;
    }
}
