package io.sppostream.model;

/** The derivative of a loss over the critic's logits. Must be thread-safe. */
@FunctionalInterface
public interface LogitLoss {

    /**
     * Called once per prompt of an update, from worker threads.
     *
     * @param index into the batch
     * @param logit the critic's output z for that prompt; the value is sigmoid(z)
     * @return derivative of the batch's loss with respect to the logit
     */
    float gradient(int index, float logit);
}
