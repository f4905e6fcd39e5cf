package io.sppostream.learn;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.CalibrationBin;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.weights.WeightsPublisher;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A policy or critic in training: its weights, the state of its optimizer, and one step of its algorithm. Live
 * training, recovery after a crash, audits and replays all call {@link #train}. On the CPU, the resulting weights are a
 * function of weights, optimizer state, samples, step and settings, bit for bit. For one thread.
 */
public interface TrainableModel extends AutoCloseable {

    /** Whether this is the policy or the critic. */
    ModelKind kind();

    /** The model's config.json. */
    String config();

    /**
     * Why the model cannot train on a sample, in words; null if it can. Anybody may write to the log, so a sample may hold
     * anything that its schema allows. A function of the sample and of the model's shape, never of its weights.
     */
    default @Nullable String refusal(TrainingSample sample) {
        return null;
    }

    /**
     * Trains on the samples of a step, given in training order. None of them is refused.
     *
     * @param step the step, counting from 1
     * @param fromSha256 hash of the published weights that the step begins with, as the ledger has it
     * @return metrics by the names the ledger uses; the map is mutable, and the caller may add to it
     */
    Map<String, Double> train(int step, String fromSha256, List<TrainingSample> order);

    /**
     * The reliability of a critic's recorded values of samples, for the ledger; empty for a policy.
     *
     * @param order samples in training order, none of them refused
     */
    default List<CalibrationBin> calibration(List<TrainingSample> order) {
        return List.of();
    }

    /** The version of this model that took part in making a sample; the oldest if there were several. */
    int versionOf(TrainingSample sample);

    /** When that version sampled the rollout, or scored the prompt. */
    Instant usedAt(TrainingSample sample);

    /** Number of weights. */
    long parameters();

    /** Writes the weights as a safetensors file, in 32 bits. */
    void writeWeights(WritableByteChannel out) throws IOException;

    /** Replaces the weights by those of a safetensors file. */
    void readWeights(ReadableByteChannel in) throws IOException;

    /**
     * Writes the weights as versions after the start weights are published: as a safetensors file that may round them. The
     * optimizer's state then has the weights in 32 bits.
     */
    default void writePublished(WritableByteChannel out) throws IOException {
        writeWeights(out);
    }

    /** Replaces the weights that do not round to those of a published version. */
    default void readPublished(ReadableByteChannel in) throws IOException {
        readWeights(in);
    }

    /** The small files of a checkpoint of this model by name: {@code config.json}, and those of its tokenizer. */
    default Map<String, byte[]> checkpointFiles() {
        return Map.of("config.json", config().getBytes(UTF_8));
    }

    /** Writes the optimizer's state as a safetensors file. */
    void writeOptimizer(WritableByteChannel out) throws IOException;

    /** Replaces the optimizer's state by that of a safetensors file. */
    void readOptimizer(ReadableByteChannel in) throws IOException;

    /** SHA-256 of the current weights as they are published, in hexadecimal. */
    default String sha256() {
        return WeightsPublisher.sha256(this::writePublished);
    }

    @Override
    void close();
}
