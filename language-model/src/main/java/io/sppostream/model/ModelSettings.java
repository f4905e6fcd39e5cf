package io.sppostream.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * Device and precision of a model, and the adapters that a policy is trained with.
 *
 * @param device {@code cpu}, or a CUDA device: {@code gpu} for the first, {@code gpu:1} for the second
 * @param precision of the layers' matrix products; weights, logits, gradients and optimizer state are in 32 bits. {@link
 *     Precision#AUTO} is resolved by {@link #precisionOf}
 * @param adapter low-rank adapters of a policy; null to train all its weights. Critics have none
 */
public record ModelSettings(
        String device, Precision precision, @Nullable LoraSettings adapter) {

    /** Precision of the matrix products. */
    public enum Precision {
        /** Chosen by the device and the size of the model. */
        AUTO("auto"),
        /** IEEE 754 single precision: the reference. */
        FLOAT32("fp32"),
        /**
         * 8 bits of precision in the range of single precision, for the products inside the layers: faster if the
         * hardware supports it, but results depend on the batch.
         */
        BFLOAT16("bf16");

        private final String id;

        Precision(String id) {
            this.id = id;
        }

        /** The name in settings. */
        public String id() {
            return id;
        }

        /**
         * The precision of a name in settings.
         *
         * @throws IllegalArgumentException if there is none
         */
        public static Precision of(String id) {
            for (Precision precision : values()) {
                if (precision.id.equals(id)) {
                    return precision;
                }
            }
            throw new IllegalArgumentException("Unknown precision '" + id + "': use auto, fp32 or bf16");
        }
    }

    public ModelSettings {
        if (!device.matches("cpu|gpu(:\\d{1,3})?")) {
            throw new IllegalArgumentException("Unknown device '" + device + "': use cpu, gpu or gpu:<index>");
        }
    }

    /** A model without adapters. */
    public ModelSettings(String device, Precision precision) {
        this(device, precision, null);
    }

    /** These settings with other adapters, or none. */
    public ModelSettings withAdapter(@Nullable LoraSettings adapter) {
        return new ModelSettings(device, precision, adapter);
    }

    /** The CPU in single precision: deterministic, bit for bit. */
    public static ModelSettings cpu() {
        return new ModelSettings("cpu", Precision.FLOAT32);
    }

    /** The precision of a model here, never {@link Precision#AUTO}: that is resolved by {@link AutomaticPrecision}. */
    public Precision precisionOf(ModelConfig model) {
        return precision == Precision.AUTO
                ? AutomaticPrecision.of(device, model).precision()
                : precision;
    }

    /**
     * Whether attention is in bfloat16, too, and so are keys and values that are kept: in that precision on a GPU, whose
     * kernels for single precision are several times slower.
     */
    boolean halvesAttention(ModelConfig model) {
        return !isCpu() && precisionOf(model) == Precision.BFLOAT16;
    }

    /** Whether the device is the CPU. */
    boolean isCpu() {
        return device.equals("cpu");
    }

    /** Where and how a model is computed, and why if that was chosen, in words, such as {@code bf16 on gpu:1}. */
    public String describe(ModelConfig model) {
        String reason = precision == Precision.AUTO
                ? ", " + AutomaticPrecision.of(device, model).reason()
                : "";
        return precisionOf(model).id() + " on " + device + reason;
    }

    /** Why a model cannot run on the device, as a sentence; null if it can. */
    public @Nullable String obstacle() {
        if (isCpu()) {
            return null;
        }
        try {
            Engine engine = Engine.getEngine("PyTorch");
            if (!engine.hasCapability("CUDA")) {
                return "PyTorch " + engine.getVersion() + " finds no GPU, or is the build for the CPU alone";
            }
            int count = engine.getGpuCount();
            if (count == 0) {
                return "PyTorch finds a GPU, but the library cudart, which tells how many there are and what memory they"
                        + " have, is not on the library path (docs/gpu.md)";
            }
            return toDevice().getDeviceId() < count ? null : "there are " + count + " GPUs, counted from 0";
        } catch (EngineException e) {
            return "PyTorch cannot be loaded: " + (e.getCause() == null ? e : e.getCause()).getMessage();
        }
    }

    Device toDevice() {
        if (isCpu()) {
            return Device.cpu();
        }
        int colon = device.indexOf(':');
        return Device.gpu(colon < 0 ? 0 : Integer.parseInt(device.substring(colon + 1)));
    }
}
