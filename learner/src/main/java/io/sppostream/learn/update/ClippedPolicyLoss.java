package io.sppostream.learn.update;

/**
 * The clipped policy loss of PPO (arXiv 1707.06347, eq. 7) with dual clip (arXiv 1912.09729), as SPPO uses it (arXiv
 * 2604.08865 and its implementation). For a token with log-probability logp and advantage A:
 *
 * <pre>
 *   r = exp(clamp(logp - logp_behaviour, -20, 20))
 *   L = max(-A r, -A clip(r, 1 - eps, 1 + eps))
 *   L = min(L, -c A)                                 if A &lt; 0
 * </pre>
 *
 * <p>All functions are of one token; {@link MiniBatchLoss} averages over the tokens of a mini-batch that carry loss.
 * Log-probabilities are in nats. Degenerate cases: A = 0 has loss and gradient 0 at any ratio, and the clamp keeps the
 * ratio finite when a log-probability is infinite. Two equal infinities, or any NaN, make the ratio NaN.
 *
 * @param clip eps, the same on both sides, in (0, 1)
 * @param dualClip c, above 1: bounds the loss of a token with a negative advantage by c |A|
 */
public record ClippedPolicyLoss(double clip, double dualClip) {
    private static final double MAX_LOG_RATIO = 20;

    public ClippedPolicyLoss {
        if (!(clip > 0 && clip < 1)) {
            throw new IllegalArgumentException("clip = " + clip + ": must be between 0 and 1");
        }
        if (!(dualClip > 1)) {
            throw new IllegalArgumentException("dualClip = " + dualClip + ": must be above 1");
        }
    }

    /** The ratio r = pi / pi_behaviour of a token, in [exp(-20), exp(20)]. */
    public static double ratio(double logProb, double behaviourLogProb) {
        return Math.exp(Math.max(-MAX_LOG_RATIO, Math.min(MAX_LOG_RATIO, logProb - behaviourLogProb)));
    }

    /** The loss L of a token. */
    public double loss(double ratio, double advantage) {
        double clipped = Math.max(1 - clip, Math.min(1 + clip, ratio));
        double loss = Math.max(-advantage * ratio, -advantage * clipped);
        return advantage < 0 ? Math.min(loss, -dualClip * advantage) : loss;
    }

    /**
     * The gradient dL / dlogp of a token: 0 if either clip applies, -A r otherwise. This ignores the clamp of the
     * log-ratio, which matters only at its lower end: there r is 2e-9, and the gradient -A r instead of 0.
     */
    public double gradient(double ratio, double advantage) {
        return isClipped(ratio, advantage) || isDualClipped(ratio, advantage) ? 0 : -advantage * ratio;
    }

    /** Whether the ratio is past the clip on the side that the advantage pushes it to; false for A = 0. */
    public boolean isClipped(double ratio, double advantage) {
        return advantage > 0 ? ratio > 1 + clip : advantage < 0 && ratio < 1 - clip;
    }

    /** Whether the dual clip bounds the loss: A is negative and r above c. */
    public boolean isDualClipped(double ratio, double advantage) {
        return advantage < 0 && ratio > dualClip;
    }
}
