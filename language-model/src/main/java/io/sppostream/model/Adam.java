package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.Collections;
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
    private final NDList means = new NDList();
    private final NDList squares = new NDList();
    private final IValue meansArgument;
    private final IValue squaresArgument;
    private final IValue stepsArgument;

    /** Makes the tensors of a running mean of a weight. */
    @FunctionalInterface
    interface Zeros {
        NDList of(NDManager manager, NDArray weight);
    }

    /** @param zeros the tensors of each running mean before the first step */
    Adam(Transformer model, OptimizerSettings settings, Zeros zeros) {
        this.model = model;
        this.settings = settings;
        this.manager = model.manager().newSubManager();
        this.steps = manager.zeros(new Shape(), DataType.FLOAT32);
        for (int i = 0; i < model.weights().size(); i++) {
            NDArray weight = model.weights().get(i);
            if (weight.hasGradient()) {
                trained.add(i);
                means.addAll(zeros.of(manager, weight));
                squares.addAll(zeros.of(manager, weight));
            }
        }
        this.meansArgument = TorchProgram.list(means);
        this.squaresArgument = TorchProgram.list(squares);
        this.stepsArgument = TorchProgram.list(new NDList(Collections.nCopies(trained.size(), steps)));
    }

    final Transformer model() {
        return model;
    }

    /** The indices of the weights that are trained. */
    final List<Integer> trained() {
        return trained;
    }

    /** The tensors of the running means of the gradient, weight after weight. */
    final NDList means() {
        return means;
    }

    /** The tensors of the running means of the squared gradient, weight after weight. */
    final NDList squares() {
        return squares;
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
                                meansArgument,
                                squaresArgument,
                                stepsArgument,
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
    public final void close() {
        meansArgument.close();
        squaresArgument.close();
        stepsArgument.close();
        manager.close();
    }
}
