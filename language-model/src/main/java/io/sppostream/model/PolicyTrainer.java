package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.IValue;
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
        for (MicroBatch piece : MicroBatch.ofSequences(batch, microBatchTokens())) {
            pieces.add(new Piece(policy.model(), piece, temperature, loss));
        }
        return training().update(pieces, learningRate);
    }

    /** Floating-point operations that an update takes ({@link TrainingFlops}). */
    public double flops(List<TokenSequence> batch) {
        ModelConfig config = policy.config();
        TrainingFlops flops = new TrainingFlops(config, config.vocabularySize(), policy.adapter() != null);
        double sum = 0;
        for (TokenSequence sequence : batch) {
            int response = sequence.response().length;
            sum += flops.of(sequence.prompt().length + response - 1, response);
        }
        return sum;
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
     * @param model any policy of the same vocabulary, such as {@link #reference()}
     */
    public float[][] logProbs(PolicyModel model, List<TokenSequence> batch, double temperature) {
        PolicyModel.requireTemperature(temperature);
        batch.forEach(model::requireFits);
        float[][] result = new float[batch.size()][];
        List<MicroBatch> pieces = MicroBatch.ofSequences(batch, microBatchTokens());
        try (NDManager copies = model.model().manager().newSubManager();
                IValue weights = TorchProgram.list(model.model().productWeights(copies))) {
            training().share(pieces.size(), i -> model.logProbs(pieces.get(i), temperature, weights, result));
        }
        return result;
    }

    /**
     * The policy before any update, which no update changes: a copy of the current weights or, if adapters are trained, the
     * base model with the adapters off, which takes no memory of its own. The caller closes it.
     */
    public PolicyModel reference() {
        return policy.reference();
    }

    /** A micro-batch and its loss. */
    record Piece(Transformer model, MicroBatch batch, double temperature, TokenLoss loss) implements Training.Piece {

        @Override
        public NDList forward(NDManager scratch) {
            NDList arguments = new NDList(
                    batch.idsTensor(scratch),
                    batch.readTensor(scratch),
                    batch.targetsTensor(scratch),
                    PolicyModel.temperatureTensor(scratch, temperature));
            arguments.addAll(model.weights());
            arguments.addAll(model.table());
            return model.program().record(scratch, "train_log_probs", arguments);
        }

        @Override
        public Training.Trace trace(
                NDManager scratch, NDArray ids, NDArray read, NDList weights, boolean checkpointing) {
            NDList arguments = new NDList(
                    ids,
                    read,
                    batch.targetsTensor(scratch),
                    PolicyModel.temperatureTensor(scratch, temperature),
                    Tensors.of(scratch, checkpointing));
            arguments.addAll(weights);
            arguments.addAll(model.table());
            return Training.Trace.of(model.program().record(scratch, "trace_log_probs", arguments), 2, 1);
        }

        @Override
        public NDArray headGradients(
                NDManager scratch, Training.Trace trace, NDArray seed, NDList weights, NDList total) {
            NDList arguments = new NDList(
                    trace.hidden(), batch.targetsTensor(scratch), PolicyModel.temperatureTensor(scratch, temperature));
            arguments.addAll(trace.head());
            arguments.add(seed);
            arguments.addAll(weights);
            arguments.addAll(total);
            return model.program()
                    .record(scratch, "log_prob_gradients", arguments)
                    .get(0);
        }

        @Override
        public float[] loss(NDList outputs) {
            batch.entropies(loss, outputs.get(1).toFloatArray());
            return batch.derivatives(loss, outputs.get(0).toFloatArray());
        }
    }
}
