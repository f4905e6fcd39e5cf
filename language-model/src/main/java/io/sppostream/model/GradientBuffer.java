package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;

/**
 * The gradient of a batch for models of which memory holds only one: every micro-batch goes backward layer by layer and
 * adds what it finds to a common total. Thread-safe; different threads compute different micro-batches.
 *
 * <p>Floating-point sums depend on the order, so micro-batches take turns: to each part of the model (the head, a layer,
 * the embedding), they add in their own order. A thread waits only if it gets to a part earlier than the micro-batch
 * before. The total therefore depends neither on the number of threads nor on their speed.
 *
 * <p>A tied embedding gets gradients at both ends of the way back. Those of its lookup are collected apart, in one row per
 * token that occurs in the batch.
 */
final class GradientBuffer implements AutoCloseable {

    private final Transformer model;
    private final NDList weights;
    private final boolean checkpointing;
    private final NDManager manager;
    /** One sum for each weight, empty for a weight that is not trained. */
    private final NDList total = new NDList();

    private final IValue totalArgument;
    private final long[] tokens;
    private final NDArray embedding;
    private final IValue embeddingArgument;
    /** The micro-batch that adds next: to the embedding, to each layer, to the head. */
    private final int[] turns;

    private boolean aborted;

    /**
     * A total of zero.
     *
     * @param weights to compute with: those of the model, or their copies in half precision
     * @param checkpointing whether layers are computed once more on the way back
     */
    GradientBuffer(Transformer model, NDList weights, boolean checkpointing, List<MicroBatch> batches) {
        this.model = model;
        this.weights = weights;
        this.checkpointing = checkpointing;
        this.manager = model.manager().newSubManager();
        for (NDArray weight : model.weights()) {
            NDArray sum = manager.zeros(weight.hasGradient() ? weight.getShape() : new Shape(0), DataType.FLOAT32);
            sum.setName("g[]");
            total.add(sum);
        }
        this.totalArgument = TorchProgram.list(total);
        this.tokens = batches.stream()
                .flatMapToLong(batch -> Arrays.stream(batch.ids()))
                .sorted()
                .distinct()
                .toArray();
        this.embedding = manager.zeros(new Shape(tokens.length, model.config().hiddenSize()), DataType.FLOAT32);
        this.embeddingArgument = TorchProgram.tensor(embedding);
        this.turns = new int[model.config().layers() + 2];
    }

    /** One micro-batch forward and backward. */
    void add(int number, Training.Piece piece) {
        try (NDManager scratch = manager.newSubManager()) {
            NDArray ids = piece.batch().idsTensor(scratch);
            NDArray read = piece.batch().readTensor(scratch);
            Training.Trace trace = piece.trace(scratch, ids, read, weights, checkpointing);
            NDArray seed = Tensors.of(
                    scratch, piece.loss(trace.outputs()), trace.outputs().get(0).getShape());
            NDList saved = trace.layers();
            int layers = model.config().layers();
            NDArray slope = inTurn(layers + 1, number, () -> piece.headGradients(scratch, trace, seed, weights, total));
            for (int layer = layers - 1; layer >= 0; layer--) {
                NDList ofLayer = new NDList();
                if (!checkpointing || layer == layers - 1) {
                    ofLayer.add(saved.remove(saved.size() - 1));
                }
                ofLayer.add(0, saved.remove(saved.size() - 1));
                slope = backward(layer, number, ids, read, slope, ofLayer, scratch);
            }
            NDArray last = slope;
            inTurn(0, number, () -> {
                try (IValue slopeArgument = TorchProgram.tensor(last);
                        IValue ranks = TorchProgram.tensor(ranks(piece.batch(), scratch))) {
                    model.program()
                            .run("accumulate_embedding", slopeArgument, ranks, embeddingArgument)
                            .close();
                }
                return last;
            });
        }
    }

    /** One layer backward. Its activations are freed, and the derivative of its output. */
    private NDArray backward(
            int layer, int number, NDArray ids, NDArray read, NDArray slope, NDList saved, NDManager scratch) {
        NDList arguments = new NDList(Tensors.of(scratch, new long[] {layer}, new Shape()), ids, read, slope);
        saved.forEach(tensor -> tensor.setName("saved[]"));
        arguments.addAll(saved);
        arguments.addAll(weights);
        arguments.addAll(model.table());
        NDList gradients = model.program().record(scratch, "layer_gradients", arguments);
        arguments.get(0).close();
        slope.close();
        saved.close();
        return inTurn(layer + 1, number, () -> {
            try (IValue index = IValue.from((long) layer);
                    IValue addends = TorchProgram.list(gradients)) {
                model.program().run("accumulate", index, addends, totalArgument).close();
            }
            NDArray before = gradients.remove(0);
            gradients.close();
            return before;
        });
    }

    private NDArray ranks(MicroBatch batch, NDManager scratch) {
        long[] ranks = LongStream.of(batch.ids())
                .map(id -> Arrays.binarySearch(tokens, id))
                .toArray();
        return Tensors.of(scratch, ranks, new Shape(ranks.length));
    }

    @FunctionalInterface
    private interface Addition {
        NDArray run();
    }

    private NDArray inTurn(int part, int number, Addition addition) {
        awaitTurn(part, number);
        NDArray result = addition.run();
        endTurn(part);
        return result;
    }

    private synchronized void awaitTurn(int part, int number) {
        while (turns[part] != number) {
            if (aborted) {
                throw new CancellationException("another micro-batch failed");
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while training", e);
            }
        }
    }

    private synchronized void endTurn(int part) {
        turns[part]++;
        notifyAll();
    }

    /** Wakes the threads that wait for the turn of a micro-batch that does not come; the total is then useless. */
    synchronized void abort() {
        aborted = true;
        notifyAll();
    }

    /** The sum over all micro-batches, when they are through: one tensor for each weight that is trained. */
    NDList total() {
        if (total.get(0).size() > 0 && tokens.length > 0) {
            try (IValue rows = TorchProgram.tensor(Tensors.of(manager, tokens, new Shape(tokens.length)))) {
                model.program()
                        .run("scatter_embedding", rows, embeddingArgument, totalArgument)
                        .close();
            }
        }
        return new NDList(total.stream().filter(sum -> sum.size() > 0).toList());
    }

    @Override
    public void close() {
        totalArgument.close();
        embeddingArgument.close();
        manager.close();
    }
}
