package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * The common part of training policies and critics: micro-batches on worker threads, the sum of their gradients, and
 * AdamW. Not thread-safe.
 *
 * <p>Workers share the weights and return gradients as separate values, which are added up in the order of the
 * micro-batches. The sum therefore depends neither on the number of threads nor on their speed.
 */
final class Training implements AutoCloseable {

    private final Transformer model;
    private final OptimizerSettings optimizer;
    private final ExecutorService workers;
    private final int threads;
    private final BooleanSupplier cancelled;
    private final NDManager state;
    private final NDList means = new NDList();
    private final NDList squares = new NDList();
    private final NDArray steps;
    private final IValue meansArgument;
    private final IValue squaresArgument;
    private final IValue stepsArgument;

    /** One micro-batch: its forward pass and its loss. */
    interface Piece {

        /**
         * Outputs [N] of the model, recorded for gradients; with gradient checkpointing they are followed by the input of
         * every layer.
         */
        NDList forward(NDManager scratch);

        /** Input tokens [rows, T]. */
        NDArray ids(NDManager scratch);

        /** The derivatives [N] of the loss with respect to the outputs [N]. */
        float[] loss(float[] outputs);
    }

    /** @param cancelled asked before every micro-batch; work then ends with a {@link CancellationException} */
    Training(Transformer model, OptimizerSettings optimizer, int threads, BooleanSupplier cancelled) {
        this.model = model;
        this.optimizer = optimizer;
        this.threads = threads;
        this.cancelled = cancelled;
        AtomicInteger number = new AtomicInteger();
        String owner = Thread.currentThread().getName();
        this.workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, owner + "#training-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        this.state = model.manager().newSubManager();
        for (NDArray weight : model.weights()) {
            weight.setRequiresGradient(true);
            means.add(state.zeros(weight.getShape(), DataType.FLOAT32));
            squares.add(state.zeros(weight.getShape(), DataType.FLOAT32));
        }
        this.steps = state.zeros(new Shape(), DataType.FLOAT32);
        this.meansArgument = TorchProgram.list(means);
        this.squaresArgument = TorchProgram.list(squares);
        this.stepsArgument = TorchProgram.list(new NDList(Collections.nCopies(means.size(), steps)));
    }

    /** One optimizer step with the sum of the pieces' gradients. */
    UpdateResult update(List<? extends Piece> pieces, double learningRate) {
        if (pieces.isEmpty()) {
            throw new IllegalArgumentException("An update needs at least one sequence");
        }
        if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
            throw new IllegalArgumentException("The learning rate must be finite and at least 0, got " + learningRate);
        }
        try (NDManager scratch = model.manager().newSubManager()) {
            GradientSum sum = new GradientSum(model.program(), pieces.size());
            share(pieces.size(), piece -> sum.add(piece, gradients(pieces.get(piece), scratch)));
            return step(sum.total(), learningRate);
        }
    }

    /** Distributes the indices of pieces to the workers, and waits until all are done. */
    void share(int pieces, IntConsumer work) {
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < Math.min(threads, pieces); i++) {
            running.add(workers.submit(() -> {
                for (int piece = next.getAndIncrement(); piece < pieces; piece = next.getAndIncrement()) {
                    if (cancelled.getAsBoolean()) {
                        throw new CancellationException("training was cancelled");
                    }
                    work.accept(piece);
                }
            }));
        }
        await(running, next, pieces);
    }

    private NDList gradients(Piece piece, NDManager results) {
        try (NDManager scratch = model.manager().newSubManager()) {
            NDList forward = piece.forward(scratch);
            NDArray outputs = forward.get(0);
            float[] derivatives = piece.loss(outputs.toFloatArray());
            NDArray seed = Tensors.of(scratch, derivatives, outputs.getShape());
            if (forward.size() == 1) {
                NDList arguments = new NDList(outputs, seed);
                arguments.addAll(model.weights());
                return model.program().record(results, "gradients", arguments);
            }
            NDList arguments = new NDList(piece.ids(scratch), seed);
            forward.forEach(saved -> saved.setName("saved[]"));
            arguments.addAll(forward);
            arguments.addAll(model.weights());
            arguments.addAll(model.table());
            return model.program().record(results, "checkpoint_gradients", arguments);
        }
    }

    /** Waits for all workers, so that none is still running when a failure is thrown. */
    private static void await(List<Future<?>> running, AtomicInteger next, int pieces) {
        RuntimeException failure = null;
        for (Future<?> each : running) {
            try {
                each.get();
            } catch (ExecutionException e) {
                next.set(pieces);
                failure = e.getCause() instanceof RuntimeException cause
                        ? cause
                        : new IllegalStateException(e.getCause());
            } catch (InterruptedException e) {
                next.set(pieces);
                Thread.currentThread().interrupt();
                failure = new IllegalStateException("Interrupted while training", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private UpdateResult step(NDList gradients, double learningRate) {
        try (IValue gradientsArgument = TorchProgram.list(gradients);
                IValue rate = IValue.from(learningRate);
                IValue beta1 = IValue.from(optimizer.beta1());
                IValue beta2 = IValue.from(optimizer.beta2());
                IValue epsilon = IValue.from(optimizer.epsilon());
                IValue decay = IValue.from(optimizer.weightDecay());
                IValue limit = IValue.from(optimizer.maxGradientNorm());
                IValue result = model.program()
                        .run(
                                "step",
                                model.weightsArgument(),
                                gradientsArgument,
                                meansArgument,
                                squaresArgument,
                                stepsArgument,
                                rate,
                                beta1,
                                beta2,
                                epsilon,
                                decay,
                                limit)) {
            double norm = result.toDouble();
            return new UpdateResult(norm, Double.isFinite(norm));
        }
    }

    /** Writes the optimizer's state as safetensors: the step count, and two running means for each weight. */
    void writeState(WritableByteChannel out) throws IOException {
        Safetensors.write(out, stateSlices());
    }

    /** Replaces the optimizer's state with one that was written before. */
    void readState(ReadableByteChannel in) throws IOException {
        Safetensors.read(in, stateSlices(), "The optimizer state");
    }

    /** As {@link #writeState}, with the weights in 32 bits. */
    void writeStateAndWeights(WritableByteChannel out) throws IOException {
        Safetensors.write(out, stateAndWeights());
    }

    /** Replaces the optimizer's state and the weights with those that were written before. */
    void readStateAndWeights(ReadableByteChannel in) throws IOException {
        Safetensors.read(in, stateAndWeights(), "The optimizer state");
    }

    private List<NamedSlice> stateAndWeights() {
        List<NamedSlice> slices = stateSlices();
        slices.addAll(model.slices(model.weights(), "weights."));
        return slices;
    }

    private List<NamedSlice> stateSlices() {
        List<NamedSlice> slices = new ArrayList<>();
        slices.add(new NamedSlice("step", new long[] {1}, steps, 0));
        slices.addAll(model.slices(means, "exp_avg."));
        slices.addAll(model.slices(squares, "exp_avg_sq."));
        return slices;
    }

    @Override
    public void close() {
        workers.shutdownNow();
        meansArgument.close();
        squaresArgument.close();
        stepsArgument.close();
        state.close();
    }
}
