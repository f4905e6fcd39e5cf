package io.sppostream.learn;

import io.sppostream.learn.update.CriticObjective;

/**
 * Settings of the {@link CriticScorer} role.
 *
 * @param objective what the critic's outputs mean, and whether it scores prompts or tokens
 * @param maxBatch prompts or rollouts that are scored together at most
 */
public record CriticScorerSettings(CriticObjective objective, int maxBatch) {}
