package io.sppostream.learn.update;

/**
 * A sample that the critic trains on.
 *
 * @param rolloutId identifies the sample
 * @param prompt the critic's token ids of the prompt, shape [P]
 * @param reward R, in [0, 1]
 * @param value V of the prompt, in [0, 1], from before the critic trained on the sample
 */
public record CriticSample(String rolloutId, int[] prompt, double reward, double value) {}
