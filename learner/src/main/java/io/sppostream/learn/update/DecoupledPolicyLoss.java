package io.sppostream.learn.update;

/**
 * The decoupled policy loss, for samples of policies that have been left behind (arXiv 2110.00641), per token. The
 * proximal policy is the one the step began with: the clip keeps the step near it, whatever sampled the token, and a
 * weight corrects for what did:
 *
 * <pre>
 *   r = exp(clamp(logp - logp_proximal, -20, 20))
 *   w = min(exp(clamp(logp_proximal - logp_behaviour, -20, 20)), 2), a constant of the step
 *   L = w max(-A r, -A clip(r, 1 - eps, 1 + eps)), with the dual clip of {@link ClippedPolicyLoss}
 * </pre>
 *
 * Where the proximal policy is the behaviour, w is 1 and L is the plain loss, bit for bit.
 *
 * @param clipped the loss of a ratio
 */
public record DecoupledPolicyLoss(ClippedPolicyLoss clipped) {
    /** The most a token counts for: a ratio far above 1 says more of noise than of the policy. */
    static final double MAX_WEIGHT = 2;

    /** w of a token; 1 where both log-probabilities are the same, infinite ones too. */
    public static double weight(double proximalLogProb, double behaviourLogProb) {
        return proximalLogProb == behaviourLogProb
                ? 1
                : Math.min(ClippedPolicyLoss.ratio(proximalLogProb, behaviourLogProb), MAX_WEIGHT);
    }

    /** The loss L of a token. */
    public double loss(double logProb, double proximalLogProb, double behaviourLogProb, double advantage) {
        return weight(proximalLogProb, behaviourLogProb)
                * clipped.loss(ClippedPolicyLoss.ratio(logProb, proximalLogProb), advantage);
    }

    /** dL / dlogp of a token. */
    public double gradient(double logProb, double proximalLogProb, double behaviourLogProb, double advantage) {
        return weight(proximalLogProb, behaviourLogProb)
                * clipped.gradient(ClippedPolicyLoss.ratio(logProb, proximalLogProb), advantage);
    }
}
