package io.sppostream.model;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.function.BooleanSupplier;

/** Trains a model in place with AdamW, whose state it keeps. Not thread-safe. */
public abstract sealed class Trainer implements AutoCloseable permits PolicyTrainer, CriticTrainer {

    private final TrainingSettings settings;
    private final Training training;

    Trainer(LanguageModel model, OptimizerSettings optimizer, TrainingSettings settings, BooleanSupplier cancelled) {
        this.settings = settings;
        this.training = new Training(model.model(), optimizer, settings, cancelled);
    }

    final TrainingSettings settings() {
        return settings;
    }

    final Training training() {
        return training;
    }

    /**
     * Writes the step count and running means as safetensors, for {@link #readOptimizerState}.
     *
     * @param out stays open
     */
    public final void writeOptimizerState(WritableByteChannel out) throws IOException {
        training.writeState(out);
    }

    /**
     * Resumes from an optimizer state that was written before.
     *
     * @throws CheckpointException if it belongs to another model, or is damaged
     */
    public final void readOptimizerState(ReadableByteChannel in) throws IOException {
        training.readState(in);
    }

    @Override
    public final void close() {
        training.close();
    }
}
