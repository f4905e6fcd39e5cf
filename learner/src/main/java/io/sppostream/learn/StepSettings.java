package io.sppostream.learn;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.log.weights.WeightsPublisher;

/**
 * Settings that the steps of policy and critic have in common.
 *
 * @param seed shuffles the samples of a step
 * @param batchSize rollouts per step
 * @param samples rollouts per group; divides the batch size
 * @param replay how the samples of a group are spread over steps
 * @param snapshotInterval versions from one snapshot, which has the optimizer's state as well as the weights, to the
 *     next; after a crash, up to this many steps are trained again
 * @param chunkBytes most bytes of weights in one record
 * @param configurationSha256 hash of the run's configuration, for the ledger
 */
public record StepSettings(
        long seed,
        int batchSize,
        int samples,
        EdgeReplay replay,
        int snapshotInterval,
        int chunkBytes,
        String configurationSha256) {
    public StepSettings {
        if (samples < 1 || batchSize < samples || batchSize % samples != 0) {
            throw new IllegalArgumentException(
                    batchSize + " rollouts per step are no whole groups of " + samples + " rollouts");
        }
    }

    /** With groups of one rollout. */
    public StepSettings(long seed, int batchSize, int snapshotInterval, int chunkBytes, String configurationSha256) {
        this(seed, batchSize, 1, EdgeReplay.NONE, snapshotInterval, chunkBytes, configurationSha256);
    }

    /** With groups of one rollout, and chunks that fit the default record size of a broker. */
    public StepSettings(long seed, int batchSize, int snapshotInterval, String configurationSha256) {
        this(seed, batchSize, snapshotInterval, WeightsPublisher.CHUNK_BYTES, configurationSha256);
    }

    /** Groups per step. */
    public int groups() {
        return batchSize / samples;
    }
}
