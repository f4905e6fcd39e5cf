package io.sppostream.learn.update;

/**
 * What the critic trains on.
 *
 * @param rolloutId identifies the sample
 * @param prompt the critic's token ids of the prompt, shape [P]
 * @param reward R
 * @param value V as the critic estimated it before training on the sample
 */
public record CriticSample(String rolloutId, int[] prompt, double reward, double value) {}
