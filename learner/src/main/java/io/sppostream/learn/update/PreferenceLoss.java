package io.sppostream.learn.update;

/**
 * The loss of DPO-Positive (arXiv 2402.13228, eq. 3) for a preferred response w and a rejected response l. The
 * log-probabilities are sums over the tokens of a response, in nats.
 *
 * <pre>
 *   m = (logpi_w - logref_w) - (logpi_l - logref_l) - penalty max(0, logref_w - logpi_w)
 *   L = -log sigmoid(beta m)
 * </pre>
 *
 * <p>With a penalty of 0 it is the loss of DPO (arXiv 2305.18290).
 *
 * @param beta how strongly the policy is held to the reference, above 0
 * @param penalty weight of the term that keeps the preferred response from becoming less likely than in the reference
 */
record PreferenceLoss(double beta, double penalty) {
    /**
     * The loss of a pair and its derivatives.
     *
     * @param margin beta m; positive if the policy prefers w more than the reference does
     * @param loss L, in nats
     * @param ofPreferred dL / dlogpi_w
     * @param ofRejected dL / dlogpi_l
     */
    record Pair(double margin, double loss, double ofPreferred, double ofRejected) {}

    Pair pair(double preferred, double preferredReference, double rejected, double rejectedReference) {
        double gain = preferred - preferredReference;
        double margin = beta * (gain - (rejected - rejectedReference) - penalty * Math.max(0, -gain));
        double slope = -beta / (1 + Math.exp(margin)); // dL / dm
        // log1p(exp(-x)) overflows for a very negative x.
        double loss = Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
        return new Pair(margin, loss, slope * (gain < 0 ? 1 + penalty : 1), -slope);
    }
}
