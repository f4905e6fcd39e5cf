package io.sppostream.learn.update;

/**
 * Linear warm-up, then constant.
 *
 * @param peak the rate after warm-up
 * @param warmupSteps steps until it is reached; 0 for none
 */
public record LearningRate(double peak, int warmupSteps) {
    /** The rate of a step, counting from 1. */
    public double at(int step) {
        return warmupSteps == 0 ? peak : peak * Math.min(1, (double) step / warmupSteps);
    }
}
