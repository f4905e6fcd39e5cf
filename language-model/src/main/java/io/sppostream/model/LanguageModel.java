package io.sppostream.model;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A transformer with a language-model or a score head: its shape, and its weights as files. */
public abstract sealed class LanguageModel implements AutoCloseable permits PolicyModel, CriticModel {

    /** Tokens computed at once when nothing is trained: enough to fill the matrix products. */
    static final int INFERENCE_TOKENS = 4096;

    private final Transformer model;
    private final String architecture;

    /** @param architecture name of its class in transformers */
    LanguageModel(Transformer model, String architecture) {
        this.model = model;
        this.architecture = architecture;
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
