package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Trains a critic on losses over its outputs. On the CPU the result is a function of weights, optimizer state, batch and
 * settings, bit for bit. Not thread-safe.
 */
public final class CriticTrainer extends Trainer {

    private final CriticModel critic;

    /**
     * @param critic trained in place; the caller closes it, after this trainer
     */
    public CriticTrainer(CriticModel critic, OptimizerSettings optimizer, TrainingSettings settings) {
        this(critic, optimizer, settings, () -> false);
    }

    /**
     * A trainer that can be cancelled. An update that is cancelled changes nothing.
     *
     * @param critic trained in place; it stays the caller's to close, after this trainer
     * @param cancelled asked before every micro-batch: if true, a {@link java.util.concurrent.CancellationException} ends
     *     the update
     */
    public CriticTrainer(
            CriticModel critic, OptimizerSettings optimizer, TrainingSettings settings, BooleanSupplier cancelled) {
        super(critic, optimizer, settings, cancelled);
        this.critic = critic;
    }

    /**
     * One optimizer step.
     *
     * @param batch what the critic reads
     * @param loss the gradient of the loss over the values of the batch. It is called in worker threads; if it throws, the exception
     *     reaches the caller and the weights are unchanged
     */
    public UpdateResult update(List<ScoredTokens> batch, double learningRate, TokenLoss loss) {
        batch.forEach(scored -> critic.requireFits(scored.tokens()));
        List<Piece> pieces = new ArrayList<>();
        for (MicroBatch piece : MicroBatch.ofScored(batch, microBatchTokens())) {
            pieces.add(new Piece(critic.model(), piece, loss));
        }
        return training().update(pieces, learningRate);
    }

    /** Floating-point operations that an update takes ({@link TrainingFlops}). */
    public double flops(List<ScoredTokens> batch) {
        TrainingFlops flops = new TrainingFlops(critic.config(), 1, false);
        double sum = 0;
        for (ScoredTokens scored : batch) {
            sum += flops.of(scored.tokens().length, scored.values());
        }
        return sum;
    }

    private record Piece(Transformer model, MicroBatch batch, TokenLoss loss) implements Training.Piece {

        @Override
        public NDList forward(NDManager scratch) {
            NDList arguments = new NDList(batch.idsTensor(scratch), batch.readTensor(scratch));
            arguments.addAll(model.weights());
            arguments.addAll(model.table());
            return model.program().record(scratch, "train_scores", arguments);
        }

        @Override
        public Training.Trace trace(
                NDManager scratch, NDArray ids, NDArray read, NDList weights, boolean checkpointing) {
            NDList arguments = new NDList(ids, read, Tensors.of(scratch, checkpointing));
            arguments.addAll(weights);
            arguments.addAll(model.table());
            return Training.Trace.of(model.program().record(scratch, "trace_scores", arguments), 1, 0);
        }

        @Override
        public NDArray headGradients(
                NDManager scratch, Training.Trace trace, NDArray seed, NDList weights, NDList total) {
            NDList arguments = new NDList(trace.hidden(), seed);
            arguments.addAll(weights);
            arguments.addAll(total);
            return model.program().record(scratch, "score_gradients", arguments).get(0);
        }

        @Override
        public float[] loss(NDList outputs) {
            return batch.derivatives(loss, outputs.get(0).toFloatArray());
        }
    }
}
