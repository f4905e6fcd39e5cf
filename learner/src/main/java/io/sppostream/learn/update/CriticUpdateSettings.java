package io.sppostream.learn.update;

/**
 * Settings of a {@link CriticUpdate}.
 *
 * @param learningRate by step
 * @param miniBatches optimizer steps per training step
 */
public record CriticUpdateSettings(LearningRate learningRate, int miniBatches) {}
