package io.sppostream.model;

/** The gradient of a loss over the log-probabilities of responses. Must be thread-safe. */
@FunctionalInterface
public interface TokenLoss {

    /**
     * Called once per sequence of an update, from worker threads.
     *
     * @param sequence index into the batch
     * @param logProbs [T] log-probabilities of the response's tokens under the current weights
     * @return [T] derivative of the batch's loss with respect to each of them
     */
    float[] gradient(int sequence, float[] logProbs);
}
