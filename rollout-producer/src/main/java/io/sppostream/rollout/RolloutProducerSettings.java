package io.sppostream.rollout;

import io.sppostream.model.SamplingParameters;

/**
 * Settings of the {@link RolloutProducer} role.
 *
 * @param seed of the run; each response's seed is derived from it
 * @param sampling how tokens are drawn
 * @param threads that sample
 * @param maxBatch most rollouts that are sampled at once
 * @param tokenStarts whether rollouts say where each token begins in the text
 */
public record RolloutProducerSettings(
        long seed, SamplingParameters sampling, int threads, int maxBatch, boolean tokenStarts) {

    /**
     * Members of the role's consumer group. Each takes one batch at a time, and a member without a partition would be idle.
     *
     * @param partitions of the topic of prompts
     */
    int members(int partitions) {
        return Math.min(threads, partitions);
    }

    /** Threads that share a batch, so that no thread is idle when there are fewer partitions than threads. */
    int threadsOfBatch(int partitions) {
        return threads / members(partitions);
    }
}
