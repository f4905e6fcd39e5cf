package io.sppostream.evaluation;

import io.sppostream.model.SamplingParameters;

/**
 * How an evaluation samples.
 *
 * @param samples of each problem, at least 1
 * @param seed a sample's seed is a function of this, the benchmark's name, the problem's id and the sample's index
 * @param sampling how tokens are drawn
 */
public record EvaluationSettings(int samples, long seed, SamplingParameters sampling) {
    public EvaluationSettings {
        if (samples < 1) {
            throw new IllegalArgumentException("-k must be at least 1, got " + samples);
        }
    }
}
