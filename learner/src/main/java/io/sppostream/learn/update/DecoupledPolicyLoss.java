package io.sppostream.learn.update;

/**
 * The decoupled policy loss for samples of older policies (Hilton et al., arXiv 2110.00641). The proximal policy is the
 * one that the step began with. The clip keeps the step near the proximal policy, whichever policy sampled the token,
 * and an importance weight corrects for the sampling:
 *
 * <pre>
 *   r = exp(clamp(logp - logp_proximal, -20, 20))
 *   w = min(exp(clamp(logp_proximal - logp_behaviour, -20, 20)), 2)     constant within the step
 *   L = w max(-A r, -A clip(r, 1 - eps, 1 + eps))                       with the dual clip of {@link ClippedPolicyLoss}
 * </pre>
 *
 * <p>All functions are of one token; {@link MiniBatchLoss} averages over the tokens of a mini-batch that carry loss.
 * If the proximal policy is the behaviour policy, w is 1 and L is the clipped loss, bit for bit. {@link StalenessRules}
 * says when this loss is used.
 *
 * @param clipped the loss as a function of the ratio
 */
public record DecoupledPolicyLoss(ClippedPolicyLoss clipped) implements TokenObjective {
    /** Cap of w: the few tokens with ratios far above 1 would otherwise dominate the gradient with their noise. */
    static final double MAX_WEIGHT = 2;

    /** The weight w of a token, in [exp(-20), 2]; 1 if both log-probabilities are equal, also if they are infinite. */
    public static double weight(double proximalLogProb, double behaviourLogProb) {
        return proximalLogProb == behaviourLogProb
                ? 1
                : Math.min(ClippedPolicyLoss.ratio(proximalLogProb, behaviourLogProb), MAX_WEIGHT);
    }

    @Override
    public double loss(double logProb, double proximalLogProb, double behaviourLogProb, double advantage) {
        return weight(proximalLogProb, behaviourLogProb)
                * clipped.loss(ClippedPolicyLoss.ratio(logProb, proximalLogProb), advantage);
    }

    /** {@inheritDoc} The weight w has none. */
    @Override
    public double gradient(double logProb, double proximalLogProb, double behaviourLogProb, double advantage) {
        return weight(proximalLogProb, behaviourLogProb)
                * clipped.gradient(ClippedPolicyLoss.ratio(logProb, proximalLogProb), advantage);
    }

    @Override
    public boolean isClipped(double ratio, double advantage) {
        return clipped.isClipped(ratio, advantage);
    }

    @Override
    public boolean isDualClipped(double ratio, double advantage) {
        return clipped.isDualClipped(ratio, advantage);
    }
}
