package io.sppostream.model;

/** A loss over the critic's logits, given by its derivative. */
@FunctionalInterface
public interface LogitLoss {

    /**
     * Called once per prompt of an update, from worker threads.
     *
     * @param index into the batch
     * @param logit the critic's output z for that prompt; the value is sigmoid(z)
     * @return derivative of the batch's loss by it
     */
    float gradient(int index, float logit);
}
