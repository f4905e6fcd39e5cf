package io.sppostream.model;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.List;

/** AdamW with running means in 32 bits. */
final class FullAdam extends Adam {

    FullAdam(Transformer model, OptimizerSettings settings) {
        super(model, settings, (manager, weight) -> new NDList(manager.zeros(weight.getShape(), DataType.FLOAT32)));
    }

    @Override
    String method() {
        return "step";
    }

    @Override
    List<NamedSlice> stateSlices() {
        List<NamedSlice> slices = new ArrayList<>();
        for (int i = 0; i < trained().size(); i++) {
            slices.addAll(model().slices(trained().get(i), means().get(i), "exp_avg."));
        }
        for (int i = 0; i < trained().size(); i++) {
            slices.addAll(model().slices(trained().get(i), squares().get(i), "exp_avg_sq."));
        }
        return slices;
    }
}
