package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.List;

/**
 * AdamW and its state for the weights of a model that require gradients. Not thread-safe.
 */
abstract sealed class Adam implements AutoCloseable permits FullAdam, BlockwiseAdam {

    private final Transformer model;
    private final OptimizerSettings settings;
    private final NDManager manager;
    private final NDArray steps;
    private final List<Integer> trained = new ArrayList<>();

    Adam(Transformer model, OptimizerSettings settings) {
        this.model = model;
        this.settings = settings;
        this.manager = model.manager().newSubManager();
        this.steps = manager.zeros(new Shape(), DataType.FLOAT32);
        for (int i = 0; i < model.weights().size(); i++) {
            if (model.weights().get(i).hasGradient()) {
                trained.add(i);
            }
        }
    }

    final Transformer model() {
        return model;
    }

    final NDManager manager() {
        return manager;
    }

    /** The number of steps so far, a scalar. */
    final NDArray steps() {
        return steps;
    }

    /** The indices of the weights that are trained. */
    final List<Integer> trained() {
        return trained;
    }

    /**
     * One step, unless the norm of the gradient is NaN or infinite.
     *
     * @param gradients of the weights that are trained, in their order; they are scaled in place
     * @return the Euclidean norm of the gradient
     */
    final double step(NDList gradients, double learningRate) {
        try (IValue gradientsArgument = TorchProgram.list(gradients);
                IValue rate = IValue.from(learningRate);
                IValue beta1 = IValue.from(settings.beta1());
                IValue beta2 = IValue.from(settings.beta2());
                IValue epsilon = IValue.from(settings.epsilon());
                IValue decay = IValue.from(settings.weightDecay());
                IValue limit = IValue.from(settings.maxGradientNorm());
                IValue result = model.program()
                        .run(
                                method(),
                                model.trainedArgument(),
                                gradientsArgument,
                                means(),
                                squares(),
                                count(),
                                rate,
                                beta1,
                                beta2,
                                epsilon,
                                decay,
                                limit)) {
            return result.toDouble();
        }
    }

    /** The method of the program that takes a step. */
    abstract String method();

    /** Its argument for the running means of the gradient. */
    abstract IValue means();

    /** Its argument for the running means of the squared gradient. */
    abstract IValue squares();

    /** Its argument for the number of steps. */
    abstract IValue count();

    /** The state as named tensors. */
    final List<NamedSlice> slices() {
        List<NamedSlice> slices = new ArrayList<>();
        slices.add(new NamedSlice("step", new long[] {1}, steps, 0));
        slices.addAll(stateSlices());
        return slices;
    }

    /** The running means as named tensors. */
    abstract List<NamedSlice> stateSlices();

    @Override
    public void close() {
        means().close();
        squares().close();
        count().close();
        manager.close();
    }
}
