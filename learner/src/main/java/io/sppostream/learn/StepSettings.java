package io.sppostream.learn;

import io.sppostream.log.weights.WeightsPublisher;

/**
 * What both learners' steps have in common.
 *
 * @param seed shuffles the samples of a step
 * @param batchSize samples a step
 * @param snapshotInterval every so many versions the optimizer's state is published with the weights; a crash has up to
 *     so many steps trained again
 * @param chunkBytes weights in one record at most
 * @param configurationSha256 hash of the run's configuration, for the ledger
 */
public record StepSettings(long seed, int batchSize, int snapshotInterval, int chunkBytes, String configurationSha256) {

    /** With records of the size that a broker takes as it comes. */
    public StepSettings(long seed, int batchSize, int snapshotInterval, String configurationSha256) {
        this(seed, batchSize, snapshotInterval, WeightsPublisher.CHUNK_BYTES, configurationSha256);
    }
}
