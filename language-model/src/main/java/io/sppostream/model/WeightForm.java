package io.sppostream.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;

/** How a model holds the matrices that it multiplies with. */
enum WeightForm {
    /** In 32 bits, in the order of a checkpoint. */
    TRAINABLE,
    /** The matrices of the layers in bfloat16, the precision of their products. They cannot be read. */
    ROUNDED,
    /**
     * In the precision of their products, and in the blocks that the kernels of oneDNN read: a product of few rows takes
     * half the time. The head is held so, too, even if it is tied to the embedding. They cannot be read.
     */
    PACKED;

    /** Source text of the methods that this form adds to a program. */
    String program() {
        return this == PACKED ? "packed.torchscript" : "unpacked.torchscript";
    }

    /** Whether a weight is held in another form than 32 bits. */
    boolean converts(WeightLayout.Fused fused) {
        return (this != TRAINABLE && fused.isMatrixOfLayer()) || (this == PACKED && fused.isLanguageModelHead());
    }

    /** The form of a policy that is sampled from, and loaded into. */
    static WeightForm ofSampled(ModelConfig config, ModelSettings settings) {
        if (settings.adapter() != null) {
            return TRAINABLE;
        }
        return LargeModels.isLarge(config) && settings.isCpu() && Packing.AVAILABLE ? PACKED : ofBase(config, settings);
    }

    /** The form of the base of a policy with adapters. */
    static WeightForm ofBase(ModelConfig config, ModelSettings settings) {
        return settings.precisionOf(config) == ModelSettings.Precision.BFLOAT16 ? ROUNDED : TRAINABLE;
    }

    /** Whether PyTorch is built with oneDNN's kernels; looked at once, when a large model is loaded. */
    private static final class Packing {
        static final boolean AVAILABLE = isAvailable();

        private static boolean isAvailable() {
            try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager(Device.cpu())) {
                TorchProgram.load(manager, List.of(PACKED.program()), Map.of()).close();
                return true;
            } catch (EngineException e) {
                return false;
            }
        }
    }
}
