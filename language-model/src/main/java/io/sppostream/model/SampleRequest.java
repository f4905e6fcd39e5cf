package io.sppostream.model;

/**
 * One completion to draw.
 *
 * @param prompt token ids, at least one
 * @param seed of this completion's own random stream: the same prompt, seed, parameters and weights give the same tokens
 */
public record SampleRequest(int[] prompt, long seed) {}
