package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A weight of another form than 32 bits, while it is replaced: takes the 32-bit floats of its parts, each once, and
 * converts them when it has all. Not thread-safe.
 */
final class ConvertedWeight {

    private final TorchProgram program;
    private final WeightLayout.Fused fused;
    private final NDArray converted;
    private final @Nullable NDArray kept;
    private @Nullable NDArray floats;
    private int missing;

    /**
     * @param program converts
     * @param converted the weight
     * @param kept where its floats are held besides; null if they are not
     */
    ConvertedWeight(TorchProgram program, WeightLayout.Fused fused, NDArray converted, @Nullable NDArray kept) {
        this.program = program;
        this.fused = fused;
        this.converted = converted;
        this.kept = kept;
        this.missing = fused.parts().size();
    }

    /** Takes elements [start, start + count), a part, in windows as {@link Tensors#fill} passes them. */
    void fill(long start, long count, Tensors.Window window) throws IOException {
        if (floats == null) {
            floats = kept != null ? kept : converted.getManager().create(new Shape(fused.shape()), DataType.FLOAT32);
        }
        Tensors.fill(floats, start, count, window);
        missing--;
        if (missing == 0) {
            try (IValue from = TorchProgram.tensor(floats);
                    IValue to = TorchProgram.tensor(converted)) {
                program.run(fused.isMatrixOfLayer() ? "convert_into" : "pack_into", from, to)
                        .close();
            }
            if (kept == null) {
                floats.close();
            }
            floats = null;
        }
    }
}
