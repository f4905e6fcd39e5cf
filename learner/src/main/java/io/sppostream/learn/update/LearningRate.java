package io.sppostream.learn.update;

/**
 * A learning rate that rises linearly during warm-up and is constant afterwards.
 *
 * @param peak the rate after warm-up
 * @param warmupSteps steps until the rate reaches its peak; 0 for no warm-up
 */
public record LearningRate(double peak, int warmupSteps) {
    /** The rate of a step; steps count from 1. */
    public double at(int step) {
        return warmupSteps == 0 ? peak : peak * Math.min(1, (double) step / warmupSteps);
    }
}
