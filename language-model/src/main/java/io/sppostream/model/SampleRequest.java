package io.sppostream.model;

/**
 * A request for one completion.
 *
 * @param prompt token ids, at least one
 * @param seed of this completion's random numbers; the same prompt, seed, parameters and weights give the same tokens
 */
public record SampleRequest(int[] prompt, long seed) {}
