package io.sppostream.learn;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.log.weights.WeightsStorage;

/**
 * Settings that the steps of policy and critic have in common.
 *
 * @param seed shuffles the samples of a step
 * @param batchSize rollouts per step
 * @param samples rollouts per group; divides the batch size
 * @param replay how the samples of a group are spread over steps
 * @param snapshotInterval versions from one snapshot, which has the optimizer's state as well as the weights, to the
 *     next; after a crash, up to this many steps are trained again
 * @param storage where the versions of the model are stored
 * @param configurationSha256 hash of the run's configuration, for the ledger
 * @param peakFlops floating-point operations a second that the training device can do at most; 0 if that is not known
 */
public record StepSettings(
        long seed,
        int batchSize,
        int samples,
        EdgeReplay replay,
        int snapshotInterval,
        WeightsStorage storage,
        String configurationSha256,
        double peakFlops) {
    public StepSettings {
        if (samples < 1 || batchSize < samples || batchSize % samples != 0) {
            throw new IllegalArgumentException(
                    batchSize + " rollouts per step are no whole groups of " + samples + " rollouts");
        }
    }

    /** With groups of one rollout, and weights on the log. */
    public StepSettings(long seed, int batchSize, int snapshotInterval, int chunkBytes, String configurationSha256) {
        this(
                seed,
                batchSize,
                1,
                EdgeReplay.NONE,
                snapshotInterval,
                WeightsStorage.onTopic(chunkBytes),
                configurationSha256,
                0);
    }

    /** With groups of one rollout, and weights on the log in chunks that fit the default record size of a broker. */
    public StepSettings(long seed, int batchSize, int snapshotInterval, String configurationSha256) {
        this(seed, batchSize, snapshotInterval, WeightsStorage.CHUNK_BYTES, configurationSha256);
    }

    /** Groups per step. */
    public int groups() {
        return batchSize / samples;
    }
}
