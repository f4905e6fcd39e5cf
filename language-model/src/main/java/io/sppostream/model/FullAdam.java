package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** AdamW with running means in 32 bits. */
final class FullAdam extends Adam {

    private final NDList means = new NDList();
    private final NDList squares = new NDList();
    private final IValue meansArgument;
    private final IValue squaresArgument;
    private final IValue countArgument;

    FullAdam(Transformer model, OptimizerSettings settings) {
        super(model, settings);
        for (int i : trained()) {
            NDArray weight = model.weights().get(i);
            means.add(manager().zeros(weight.getShape(), DataType.FLOAT32));
            squares.add(manager().zeros(weight.getShape(), DataType.FLOAT32));
        }
        this.meansArgument = TorchProgram.list(means);
        this.squaresArgument = TorchProgram.list(squares);
        this.countArgument = TorchProgram.list(new NDList(Collections.nCopies(means.size(), steps())));
    }

    @Override
    String method() {
        return "step";
    }

    @Override
    IValue means() {
        return meansArgument;
    }

    @Override
    IValue squares() {
        return squaresArgument;
    }

    @Override
    IValue count() {
        return countArgument;
    }

    @Override
    List<NamedSlice> stateSlices() {
        List<NamedSlice> slices = new ArrayList<>();
        for (int i = 0; i < trained().size(); i++) {
            slices.addAll(model().slices(trained().get(i), means.get(i), "exp_avg."));
        }
        for (int i = 0; i < trained().size(); i++) {
            slices.addAll(model().slices(trained().get(i), squares.get(i), "exp_avg_sq."));
        }
        return slices;
    }
}
