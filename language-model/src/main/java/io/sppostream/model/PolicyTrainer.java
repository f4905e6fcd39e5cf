package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Trains a policy on losses over the log-probabilities of responses. On the CPU the result is a function of weights,
 * optimizer state, batch and settings, bit for bit. Not thread-safe.
 */
public final class PolicyTrainer extends Trainer {

    private final PolicyModel policy;

    /**
     * @param policy trained in place; the caller closes it, after this trainer
     */
    public PolicyTrainer(PolicyModel policy, OptimizerSettings optimizer, TrainingSettings settings) {
        this(policy, optimizer, settings, () -> false);
    }

    /**
     * A trainer that can be cancelled. An update that is cancelled changes nothing.
     *
     * @param policy trained in place; it stays the caller's to close, after this trainer
     * @param cancelled asked before every micro-batch: if true, a {@link java.util.concurrent.CancellationException} ends
     *     the update
     */
    public PolicyTrainer(
            PolicyModel policy, OptimizerSettings optimizer, TrainingSettings settings, BooleanSupplier cancelled) {
        super(policy, optimizer, settings, cancelled);
        this.policy = policy;
    }

    /**
     * One optimizer step.
     *
     * @param batch the sequences; the loss is over their responses
     * @param temperature of the log-probabilities, above 0
     * @param loss the gradient of the loss over the batch. It is called in worker threads; if it throws, the exception
     *     reaches the caller and the weights are unchanged
     */
    public UpdateResult update(List<TokenSequence> batch, double temperature, double learningRate, TokenLoss loss) {
        PolicyModel.requireTemperature(temperature);
        batch.forEach(policy::requireFits);
        List<Piece> pieces = new ArrayList<>();
        for (MicroBatch piece : MicroBatch.ofSequences(batch, settings().microBatchTokens())) {
            pieces.add(new Piece(
                    policy.model(), piece, temperature, loss, settings().gradientCheckpointing()));
        }
        return training().update(pieces, learningRate);
    }

    /**
     * Log-probabilities of responses under the current weights, computed by the training threads and in pieces of the
     * training size.
     *
     * @param temperature above 0
     * @return [sequences][T] natural log-probability of each response token given the tokens before it
     */
    public float[][] logProbs(List<TokenSequence> batch, double temperature) {
        return logProbs(policy, batch, temperature);
    }

    /**
     * The same under the weights of another model.
     *
     * @param model any policy of the same vocabulary, such as {@link #copyOfPolicy()}
     */
    public float[][] logProbs(PolicyModel model, List<TokenSequence> batch, double temperature) {
        PolicyModel.requireTemperature(temperature);
        batch.forEach(model::requireFits);
        float[][] result = new float[batch.size()][];
        List<MicroBatch> pieces = MicroBatch.ofSequences(batch, settings().microBatchTokens());
        training().share(pieces.size(), i -> model.logProbs(pieces.get(i), temperature, result));
        return result;
    }

    /** A copy of the current weights, which no update changes; the caller closes it. */
    public PolicyModel copyOfPolicy() {
        return policy.copy();
    }

    private record Piece(Transformer model, MicroBatch batch, double temperature, TokenLoss loss, boolean checkpointing)
            implements Training.Piece {

        @Override
        public NDList forward(NDManager scratch) {
            NDList arguments = new NDList(
                    batch.idsTensor(scratch),
                    batch.readTensor(scratch),
                    batch.targetsTensor(scratch),
                    PolicyModel.temperatureTensor(scratch, temperature));
            arguments.addAll(model.weights());
            arguments.addAll(model.table());
            return model.program()
                    .record(scratch, checkpointing ? "checkpoint_log_probs" : "train_log_probs", arguments);
        }

        @Override
        public NDArray ids(NDManager scratch) {
            return batch.idsTensor(scratch);
        }

        @Override
        public float[] loss(float[] outputs) {
            return batch.derivatives(loss, outputs);
        }
    }
}
