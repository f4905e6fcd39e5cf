package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * AdamW with running means in 8 bits, block-wise (Dettmers et al., arXiv 2110.02861): a block of 256 parameters has a
 * scale, the largest magnitude in it, and a code for each parameter. In place of the paper's tree of exponents the codes
 * are roots, which need no table and are finest near zero, too:
 *
 * <ul>
 *   <li>mean of the gradient: {@code sign(m) sqrt(|m| / scale)} in steps of 1 / 127, from -1 to 1;
 *   <li>mean of its square: {@code (v / scale)^(1/4)} in steps of 1 / 255. It is never rounded to 0, since the update
 *       divides by its root.
 * </ul>
 *
 * <p>The update itself uses the values before rounding.
 */
final class BlockwiseAdam extends Adam {

    private static final int BLOCK = 256;

    BlockwiseAdam(Transformer model, OptimizerSettings settings) {
        super(model, settings, BlockwiseAdam::zeros);
    }

    /** The codes and the scales of a running mean. */
    private static NDList zeros(NDManager manager, NDArray weight) {
        long blocks = (weight.size() + BLOCK - 1) / BLOCK;
        return new NDList(
                manager.zeros(new Shape(blocks * BLOCK), DataType.UINT8),
                manager.zeros(new Shape(blocks), DataType.FLOAT32));
    }

    @Override
    String method() {
        return "step_8bit";
    }

    @Override
    List<NamedSlice> stateSlices() {
        List<NamedSlice> slices = new ArrayList<>();
        for (int i = 0; i < trained().size(); i++) {
            String name = model().name(trained().get(i));
            slices.add(slice("exp_avg.codes." + name, means().get(2 * i)));
            slices.add(slice("exp_avg.scales." + name, means().get(2 * i + 1)));
            slices.add(slice("exp_avg_sq.codes." + name, squares().get(2 * i)));
            slices.add(slice("exp_avg_sq.scales." + name, squares().get(2 * i + 1)));
        }
        return slices;
    }

    private static NamedSlice slice(String name, NDArray tensor) {
        return new NamedSlice(name, tensor.getShape().getShape(), tensor, 0);
    }
}
