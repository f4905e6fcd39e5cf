package io.sppostream.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.model.ModelSettings.Precision;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A transformer with a language-model or a score head: its shape, and its weights as files. */
public abstract sealed class LanguageModel implements AutoCloseable permits PolicyModel, CriticModel {

    /** Tokens computed at once when nothing is trained: enough to fill the matrix products. */
    static final int INFERENCE_TOKENS = 4096;

    private final Transformer model;
    private final String architecture;
    private final @Nullable Checkpoint source;
    private @Nullable Map<String, byte[]> checkpointFiles;

    /**
     * @param architecture name of its class in transformers
     * @param source the checkpoint it was loaded from; null if its weights were fresh
     */
    LanguageModel(Transformer model, String architecture, @Nullable Checkpoint source) {
        this.model = model;
        this.architecture = architecture;
        this.source = source;
    }

    final @Nullable Checkpoint source() {
        return source;
    }

    final Transformer model() {
        return model;
    }

    final String architecture() {
        return architecture;
    }

    /** The shape of the model. */
    public final ModelConfig config() {
        return model.config();
    }

    /** Number of trained parameters. */
    public final long parameters() {
        return model.slices().stream().mapToLong(NamedSlice::count).sum();
    }

    /** The model's {@code config.json}. */
    public final String configJson() {
        return config().toJson(architecture).toString();
    }

    /** The {@code config.json} of a checkpoint, as transformers reads it. */
    ObjectNode checkpointConfig() {
        return config().toJson(architecture);
    }

    /**
     * The files of a checkpoint of this model besides its weights, by name: {@code config.json}, and if it was loaded from
     * a checkpoint, that one's tokenizer, generation configuration and chat template.
     *
     * @param stored precision of the stored weights; the same in all calls
     */
    public final synchronized Map<String, byte[]> checkpointFiles(Precision stored) {
        if (checkpointFiles == null) {
            checkpointFiles = Checkpoint.companions(source, checkpointConfig(), stored);
        }
        return checkpointFiles;
    }

    /**
     * Writes the trained weights as a complete {@code model.safetensors} or, if these are adapters, {@code
     * adapter_model.safetensors} of PEFT, in F32, with the tensor names of Hugging Face. The bytes
     * are a function of the weights, so their SHA-256 identifies the weights. The file of adapters names
     * the SHA-256 of the base model they belong to.
     *
     * @param out stays open
     */
    public final void writeWeights(WritableByteChannel out) throws IOException {
        Safetensors.write(out, model.slices(), model.metadata());
    }

    /**
     * Writes the weights as {@link #writeWeights(WritableByteChannel)} does, rounded to a precision.
     *
     * @param out stays open
     */
    public final void writeWeights(WritableByteChannel out, Precision precision) throws IOException {
        Safetensors.Type floats = precision == Precision.BFLOAT16 ? Safetensors.Type.BF16 : Safetensors.Type.F32;
        Safetensors.write(out, model.slices(), model.metadata(), floats);
    }

    /**
     * Replaces those weights in place that do not round to the values of a {@code model.safetensors} in BF16. From a file in
     * F32, replaces all.
     *
     * @param in read up to its last tensor, not closed
     * @throws CheckpointException as {@link #readWeights}
     */
    public final void readRoundedWeights(ReadableByteChannel in) throws IOException {
        Safetensors.read(in, model.slices(), model.metadata(), "The weights stream", true);
    }

    /**
     * Replaces the trained weights in place with those that {@link #writeWeights} has written.
     *
     * @param in read up to its last tensor, not closed
     * @throws CheckpointException if it has other tensors or shapes, which leaves the weights unchanged, or ends early,
     *     which leaves them partly replaced
     */
    public final void readWeights(ReadableByteChannel in) throws IOException {
        Safetensors.read(in, model.slices(), model.metadata(), "The weights stream");
    }

    @Override
    public final void close() {
        model.close();
    }
}
