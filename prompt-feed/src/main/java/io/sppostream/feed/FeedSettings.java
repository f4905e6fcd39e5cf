package io.sppostream.feed;

/**
 * Settings of the {@link Feed} role.
 *
 * @param seed orders the problems
 * @param samples responses per prompt
 * @param hasCritic whether a critic trains on the samples too, so that a group settles when both have finished with it
 * @param pacing how many prompts may be in flight
 */
public record FeedSettings(long seed, int samples, boolean hasCritic, Pacing pacing) {}
