package io.sppostream.learn.update;

/**
 * The clipped policy loss of PPO with dual clip, per token, as SPPO uses it (arXiv 2604.08865 and its implementation;
 * dual clip: arXiv 1912.09729):
 *
 * <pre>
 *   r = exp(clamp(logp - logp_behaviour, -20, 20))
 *   L = max(-A r, -A clip(r, 1 - eps, 1 + eps));   where A &lt; 0:  L = min(L, -c A)
 * </pre>
 *
 * @param clip eps, on both sides
 * @param dualClip c, the most a negative advantage's loss may grow; above 1
 */
public record ClippedPolicyLoss(double clip, double dualClip) {
    private static final double MAX_LOG_RATIO = 20;

    public ClippedPolicyLoss {
        if (!(clip > 0 && clip < 1)) {
            throw new IllegalArgumentException("clip = " + clip + ": a number between 0 and 1 is needed");
        }
        if (!(dualClip > 1)) {
            throw new IllegalArgumentException("dualClip = " + dualClip + ": a number above 1 is needed");
        }
    }

    /** pi / pi_behaviour of a token, from its log-probabilities. */
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
     * dL / dlogp of a token: -A r where neither clip holds it, else 0. Where the log-ratio is clamped from below, by
     * which r is 2e-9, it is -A r too, rather than 0.
     */
    public double gradient(double ratio, double advantage) {
        return isClipped(ratio, advantage) || isDualClipped(ratio, advantage) ? 0 : -advantage * ratio;
    }

    /** Whether the ratio has moved past the clip in the direction the advantage asks for; an advantage of 0 asks for none. */
    public boolean isClipped(double ratio, double advantage) {
        return advantage > 0 ? ratio > 1 + clip : advantage < 0 && ratio < 1 - clip;
    }

    /** Whether a negative advantage's loss is held by the dual clip. */
    public boolean isDualClipped(double ratio, double advantage) {
        return advantage < 0 && ratio > dualClip;
    }
}
