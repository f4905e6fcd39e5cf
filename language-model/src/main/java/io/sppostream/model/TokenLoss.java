package io.sppostream.model;

/**
 * The gradient of a loss over the outputs of a model: the log-probabilities of response tokens, or the values of a critic.
 * Must be thread-safe.
 */
@FunctionalInterface
public interface TokenLoss {

    /**
     * Called once per sequence of an update, from worker threads.
     *
     * @param sequence index into the batch
     * @param outputs [T] outputs under the current weights
     * @return [T] derivative of the batch's loss with respect to each of them
     */
    float[] gradient(int sequence, float[] outputs);

    /**
     * Receives the entropies of the distributions that a policy's response tokens were drawn from, in the thread that then
     * asks for the gradient of the sequence. By default they are ignored. Not called for critics.
     *
     * @param sequence index into the batch
     * @param entropies [T] in nats, under the current weights and at the temperature of the log-probabilities
     */
    default void entropies(int sequence, float[] entropies) {}
}
