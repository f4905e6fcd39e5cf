package io.sppostream.learn.update;

/**
 * The loss of one token and its derivative. Log-probabilities are in nats: of the policy in training, of the proximal
 * policy, on which a clip is centred, and of the policy that sampled the token.
 */
interface TokenObjective {
    /** The loss L of a token. */
    double loss(double logProb, double proximalLogProb, double behaviourLogProb, double advantage);

    /** The derivative dL / dlogp of a token. */
    double gradient(double logProb, double proximalLogProb, double behaviourLogProb, double advantage);

    /** Whether a clip removes the gradient of a token, given its ratio to the proximal policy. */
    default boolean isClipped(double ratio, double advantage) {
        return false;
    }

    /** Whether a dual clip bounds the loss of a token, given its ratio to the proximal policy. */
    default boolean isDualClipped(double ratio, double advantage) {
        return false;
    }
}
