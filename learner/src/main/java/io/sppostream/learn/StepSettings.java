package io.sppostream.learn;

import io.sppostream.log.weights.WeightsPublisher;

/**
 * Settings that the steps of policy and critic have in common.
 *
 * @param seed shuffles the samples of a step
 * @param batchSize samples per step
 * @param snapshotInterval versions from one snapshot, which has the optimizer's state as well as the weights, to the
 *     next; after a crash, up to this many steps are trained again
 * @param chunkBytes most bytes of weights in one record
 * @param configurationSha256 hash of the run's configuration, for the ledger
 */
public record StepSettings(long seed, int batchSize, int snapshotInterval, int chunkBytes, String configurationSha256) {

    /** With chunks that fit the default record size of a broker. */
    public StepSettings(long seed, int batchSize, int snapshotInterval, String configurationSha256) {
        this(seed, batchSize, snapshotInterval, WeightsPublisher.CHUNK_BYTES, configurationSha256);
    }
}
