package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
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
 * <p>Workers share the weights. Gradients are added up in the order of the micro-batches, by {@link GradientSum} or, for
 * large models, in place by {@link GradientBuffer}. The sum therefore depends neither on the number of threads nor on
 * their speed.
 */
final class Training implements AutoCloseable {

    private final Transformer model;
    private final ExecutorService workers;
    private final int threads;
    private final boolean checkpointing;
    private final BooleanSupplier cancelled;
    private final Adam adam;

    /** One micro-batch: its forward pass and its loss. */
    interface Piece {

        MicroBatch batch();

        /** Outputs [N] of the model, recorded for gradients. What follows in the list, [N] too, only informs the loss. */
        NDList forward(NDManager scratch);

        /**
         * The forward pass, recorded layer by layer.
         *
         * @param ids [rows, T]
         * @param read [N]
         */
        Trace trace(NDManager scratch, NDArray ids, NDArray read, NDList weights, boolean checkpointing);

        /**
         * The way back through the head. Adds the gradients of its weights to their totals.
         *
         * @param seed [N] the derivatives of the loss with respect to the outputs
         * @return [N, d] those with respect to the last hidden states
         */
        NDArray headGradients(NDManager scratch, Trace trace, NDArray seed, NDList weights, NDList total);

        /**
         * The derivatives [N] of the loss with respect to the outputs.
         *
         * @param outputs as of {@link #forward}
         */
        float[] loss(NDList outputs);
    }

    /**
     * A forward pass.
     *
     * @param outputs as of {@link Piece#forward}
     * @param head what the way back through the head needs
     * @param layers input and recorded output of every layer; with gradient checkpointing only the last has an output
     */
    record Trace(NDList outputs, NDList head, NDList layers) {

        /** Takes a result of the program apart: outputs, tensors that the head keeps, and those of the layers. */
        static Trace of(NDList result, int outputs, int kept) {
            return new Trace(
                    new NDList(result.subList(0, outputs)),
                    new NDList(result.subList(outputs, outputs + kept)),
                    new NDList(result.subList(outputs + kept, result.size())));
        }

        /** The last hidden states [N, d]. */
        NDArray hidden() {
            return layers.get(layers.size() - 1);
        }
    }

    /** @param cancelled asked before every micro-batch; work then ends with a {@link CancellationException} */
    Training(Transformer model, OptimizerSettings optimizer, TrainingSettings settings, BooleanSupplier cancelled) {
        this.model = model;
        this.threads = settings.threads();
        this.checkpointing = settings.gradientCheckpointing();
        this.cancelled = cancelled;
        AtomicInteger number = new AtomicInteger();
        String owner = Thread.currentThread().getName();
        this.workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, owner + "#training-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        model.trained().forEach(weight -> weight.setRequiresGradient(true));
        this.adam = switch (optimizer.state()) {
            case FP32 -> new FullAdam(model, optimizer);
            case INT8 -> new BlockwiseAdam(model, optimizer);
        };
    }

    /** One optimizer step with the sum of the pieces' gradients. */
    UpdateResult update(List<? extends Piece> pieces, double learningRate) {
        if (pieces.isEmpty()) {
            throw new IllegalArgumentException("An update needs at least one sequence");
        }
        if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
            throw new IllegalArgumentException("The learning rate must be finite and at least 0, got " + learningRate);
        }
        return checkpointing || LargeModels.needsOneGradient(model.config())
                ? updateLayerByLayer(pieces, learningRate)
                : updateAtOnce(pieces, learningRate);
    }

    /** Each micro-batch gets all its gradients in one call: fastest for small models. */
    private UpdateResult updateAtOnce(List<? extends Piece> pieces, double learningRate) {
        try (NDManager scratch = model.manager().newSubManager()) {
            GradientSum sum = new GradientSum(model.program(), pieces.size());
            share(pieces.size(), piece -> sum.add(piece, gradients(pieces.get(piece), scratch)));
            return step(sum.total(), learningRate);
        }
    }

    private UpdateResult updateLayerByLayer(List<? extends Piece> pieces, double learningRate) {
        List<MicroBatch> batches = pieces.stream().map(Piece::batch).toList();
        try (NDManager scratch = model.manager().newSubManager();
                GradientBuffer buffer =
                        new GradientBuffer(model, model.productWeights(scratch), checkpointing, batches)) {
            share(pieces.size(), piece -> buffer.add(piece, pieces.get(piece)), buffer::abort);
            return step(buffer.total(), learningRate);
        }
    }

    /** Distributes the indices of pieces to the workers, in order, and waits until all are done. */
    void share(int pieces, IntConsumer work) {
        share(pieces, work, () -> {});
    }

    /** @param failed called when a piece failed or is left out */
    private void share(int pieces, IntConsumer work, Runnable failed) {
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < Math.min(threads, pieces); i++) {
            running.add(workers.submit(() -> {
                boolean done = false;
                try {
                    for (int piece = next.getAndIncrement(); piece < pieces; piece = next.getAndIncrement()) {
                        if (cancelled.getAsBoolean()) {
                            throw new CancellationException("training was cancelled");
                        }
                        work.accept(piece);
                    }
                    done = true;
                } finally {
                    if (!done) {
                        failed.run();
                    }
                }
            }));
        }
        await(running, next, pieces);
    }

    private NDList gradients(Piece piece, NDManager results) {
        try (NDManager scratch = model.manager().newSubManager()) {
            NDList forward = piece.forward(scratch);
            float[] derivatives = piece.loss(forward);
            NDArray outputs = forward.get(0);
            NDList arguments = new NDList(outputs, Tensors.of(scratch, derivatives, outputs.getShape()));
            arguments.addAll(model.trained());
            return model.program().record(results, "gradients", arguments);
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
                // A worker that is cancelled because another failed hides the reason.
                if (failure == null || failure instanceof CancellationException) {
                    failure = e.getCause() instanceof RuntimeException cause
                            ? cause
                            : new IllegalStateException(e.getCause());
                }
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
        double norm = adam.step(gradients, learningRate);
        return new UpdateResult(norm, Double.isFinite(norm));
    }

    /** Writes the optimizer's state as safetensors: the step count, and two running means for each weight. */
    void writeState(WritableByteChannel out) throws IOException {
        Safetensors.write(out, adam.slices());
    }

    /** Replaces the optimizer's state with one that was written before. */
    void readState(ReadableByteChannel in) throws IOException {
        Safetensors.read(in, adam.slices(), "The optimizer state");
    }

    /** As {@link #writeState}, with the trained weights in 32 bits. */
    void writeStateAndWeights(WritableByteChannel out) throws IOException {
        Safetensors.write(out, stateAndWeights());
    }

    /** Replaces the optimizer's state and the trained weights with those that were written before. */
    void readStateAndWeights(ReadableByteChannel in) throws IOException {
        Safetensors.read(in, stateAndWeights(), "The optimizer state");
    }

    private List<NamedSlice> stateAndWeights() {
        List<NamedSlice> slices = adam.slices();
        for (NamedSlice weight : model.slices()) {
            slices.add(new NamedSlice("weights." + weight.name(), weight.shape(), weight.storage(), weight.start()));
        }
        return slices;
    }

    @Override
    public void close() {
        workers.shutdownNow();
        adam.close();
    }
}
