package io.sppostream.rollout;

import io.sppostream.model.Sampler;
import io.sppostream.model.SamplingParameters;

/**
 * Settings of the {@link RolloutProducer} role.
 *
 * @param seed of the run; each response's seed is derived from it
 * @param sampling how tokens are drawn
 * @param threads that sample
 * @param maxBatch most rollouts that are taken at once
 * @param cacheBytes most memory for keys and values, of all threads together; 0 for {@link Sampler#defaultCacheBytes}
 * @param tokenStarts whether rollouts say where each token begins in the text
 */
public record RolloutProducerSettings(
        long seed, SamplingParameters sampling, int threads, int maxBatch, long cacheBytes, boolean tokenStarts) {

    /**
     * Members of the role's consumer group. Each takes one batch at a time, and a member without a partition would be idle.
     *
     * @param partitions of the topic of prompts
     */
    int members(int partitions) {
        return Math.min(threads, partitions);
    }

    /** Memory of each thread for keys and values; 0 for the default. */
    long cacheBytesOfThread() {
        return cacheBytes == 0 ? 0 : Math.max(1, cacheBytes / threads);
    }

    /** Threads that share a batch, so that no thread is idle when there are fewer partitions than threads. */
    int threadsOfBatch(int partitions) {
        return threads / members(partitions);
    }
}
