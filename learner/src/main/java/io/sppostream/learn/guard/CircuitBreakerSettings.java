package io.sppostream.learn.guard;

import io.sppostream.learn.update.ImportanceRatios;

/**
 * Thresholds of the {@link CircuitBreakers}.
 *
 * @param minEffectiveSampleSize in [0, 1]: the learner pauses when two steps in a row have a smaller one, see
 *     {@link ImportanceRatios}; 0 turns it off. One step is not enough: a single token with a ratio in the hundreds,
 *     which the clip holds anyway, lowers the effective sample size of its step
 * @param maxInfraErrors in [0, 1]: the largest share of the last rollouts that verifiers may fail on; 1 turns it off
 * @param maxStale in [0, 1]: the largest share of the last samples that may be past the cap on lag; 1 turns it off
 * @param window number of last rollouts, and of last samples, that these shares are of; a share is undefined until the
 *     window is full
 */
public record CircuitBreakerSettings(
        double minEffectiveSampleSize, double maxInfraErrors, double maxStale, int window) {}
