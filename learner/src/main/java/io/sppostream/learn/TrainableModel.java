package io.sppostream.learn;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.weights.WeightsPublisher;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The weights of a line, its optimizer's state, and what a step makes of them: live, when steps are trained again after
 * a crash, and in audits. On the CPU the outcome is a function of weights, state, samples, step and settings, bit for
 * bit. For one thread.
 */
public interface TrainableModel extends AutoCloseable {

    ModelKind kind();

    /** The model's config.json. */
    String config();

    /**
     * Trains on the samples of a step, given in training order.
     *
     * @param step the step, counting from 1
     * @return what was measured, by the names the ledger uses; the caller may add to it
     */
    Map<String, Double> train(int step, List<TrainingSample> order);

    /** The version of this line that a sample was made with, the oldest where there are several. */
    int versionOf(TrainingSample sample);

    /** When that version was used for the sample. */
    Instant usedAt(TrainingSample sample);

    /** How many numbers the weights are. */
    long parameters();

    /** Writes the weights as a safetensors file. */
    void writeWeights(WritableByteChannel out) throws IOException;

    /** Replaces the weights by those of a file. */
    void readWeights(ReadableByteChannel in) throws IOException;

    /** Writes the optimizer's state as a safetensors file. */
    void writeOptimizer(WritableByteChannel out) throws IOException;

    /** Replaces the optimizer's state by that of a file. */
    void readOptimizer(ReadableByteChannel in) throws IOException;

    /** SHA-256 of the weights as they are, in hexadecimal. */
    default String sha256() {
        return WeightsPublisher.sha256(this::writeWeights);
    }

    @Override
    void close();
}
