package io.sppostream.log.weights;

/**
 * Where the versions of a model are stored: on the weights topic, or as checkpoints in a folder of which the log has the
 * hashes.
 *
 * @param chunkBytes most bytes of weights in one record, the same for all versions of a model
 * @param uri folder of the models of a run; not read if {@code topicBytes} is {@link Long#MAX_VALUE}
 * @param topicBytes models with at most so many bytes of 32-bit weights are stored on the topic, larger ones in the folder
 * @param keep newest versions that stay in the folder, besides the start weights and the last two snapshots
 */
public record WeightsStorage(int chunkBytes, String uri, long topicBytes, int keep) {
    /** Bytes of weights in one record, well below the default message size limit of brokers. */
    public static final int CHUNK_BYTES = 512 << 10;

    public WeightsStorage {
        if (chunkBytes < 1 || keep < 1) {
            throw new IllegalArgumentException(
                    "chunkBytes and keep must be at least 1, got " + chunkBytes + " and " + keep);
        }
    }

    /** Storage of all models on the topic. */
    public static WeightsStorage onTopic(int chunkBytes) {
        return new WeightsStorage(chunkBytes, "", Long.MAX_VALUE, 1);
    }

    /** Whether a model is stored in the folder. */
    public boolean usesFolder(long parameters) {
        return parameters * Float.BYTES > topicBytes;
    }

    /** The folder of a model's versions. */
    public String folder(String model) {
        return uri.endsWith("/") ? uri + model : uri + "/" + model;
    }
}
