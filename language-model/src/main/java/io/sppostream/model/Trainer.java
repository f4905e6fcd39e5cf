package io.sppostream.model;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.function.BooleanSupplier;

/** Trains a model in place with AdamW, whose state it keeps. Not thread-safe. */
public abstract sealed class Trainer implements AutoCloseable permits PolicyTrainer, CriticTrainer {

    private final int microBatchTokens;
    private final Training training;

    Trainer(LanguageModel model, OptimizerSettings optimizer, TrainingSettings settings, BooleanSupplier cancelled) {
        this.microBatchTokens = TrainingSettings.microBatchTokens(
                model.config(), model.model().settings().device(), settings.microBatchTokens());
        this.training = new Training(model.model(), optimizer, settings, cancelled);
    }

    /** Most tokens of a micro-batch, padding included. */
    final int microBatchTokens() {
        return microBatchTokens;
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
     * Writes the optimizer's state as {@link #writeOptimizerState} does, and the weights in F32 with it. For models whose
     * published weights are rounded.
     *
     * @param out stays open
     */
    public final void writeOptimizerStateAndWeights(WritableByteChannel out) throws IOException {
        training.writeStateAndWeights(out);
    }

    /**
     * Resumes from a state that {@link #writeOptimizerStateAndWeights} has written.
     *
     * @throws CheckpointException if it belongs to another model, or is damaged
     */
    public final void readOptimizerStateAndWeights(ReadableByteChannel in) throws IOException {
        training.readStateAndWeights(in);
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
