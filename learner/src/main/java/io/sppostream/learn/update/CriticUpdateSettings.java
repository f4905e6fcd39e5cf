package io.sppostream.learn.update;

/**
 * Settings of a {@link CriticUpdate}.
 *
 * @param objective what is scored and minimized
 * @param learningRate by step
 * @param miniBatches optimizer steps per training step
 */
public record CriticUpdateSettings(CriticObjective objective, LearningRate learningRate, int miniBatches) {}
