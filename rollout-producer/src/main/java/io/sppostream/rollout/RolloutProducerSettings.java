package io.sppostream.rollout;

import io.sppostream.model.SamplingParameters;

/**
 * Settings of the {@link RolloutProducer} role.
 *
 * @param seed of the run; each response's seed is derived from it
 * @param sampling how tokens are drawn
 * @param workers threads that sample
 * @param maxBatch most prompts that a worker samples at once
 */
public record RolloutProducerSettings(long seed, SamplingParameters sampling, int workers, int maxBatch) {}
