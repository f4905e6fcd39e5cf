package io.sppostream.feed;

import io.sppostream.events.RequestSampling;
import org.jspecify.annotations.Nullable;

/**
 * Settings of the {@link Feed} role.
 *
 * @param seed orders the problems
 * @param samples responses per prompt
 * @param sampling how they are sampled, where it differs from the run; null if it does not
 * @param hasCritic whether a critic trains on the samples too, so that a group settles when both have finished with it
 * @param pacing how many prompts may be in flight
 */
public record FeedSettings(
        long seed, int samples, @Nullable RequestSampling sampling, boolean hasCritic, Pacing pacing) {}
