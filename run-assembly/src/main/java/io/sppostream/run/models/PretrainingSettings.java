package io.sppostream.run.models;

import io.sppostream.model.TrainingSettings;

/**
 * Settings of a supervised warm-up.
 *
 * @param steps optimizer steps, at least 1
 * @param batchSize problems per step, at least 1
 * @param learningRate after a linear warm-up of 20 steps, above 0
 * @param seed of fresh weights and of the order of problems
 * @param training how gradients are computed
 */
public record PretrainingSettings(int steps, int batchSize, double learningRate, long seed, TrainingSettings training) {
    public PretrainingSettings {
        if (steps < 1 || batchSize < 1 || !(learningRate > 0)) {
            throw new IllegalArgumentException("steps " + steps + ", batch size " + batchSize + ", learning rate "
                    + learningRate + ": steps and batch size must be at least 1, the learning rate above 0");
        }
    }
}
