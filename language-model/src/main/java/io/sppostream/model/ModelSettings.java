package io.sppostream.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import org.jspecify.annotations.Nullable;

/**
 * Device and precision of a model, and the adapters that a policy is trained with.
 *
 * @param device {@code cpu}, or a CUDA device: {@code gpu} for the first, {@code gpu:1} for the second
 * @param precision of the layers' matrix products; weights, logits, gradients and optimizer state are in 32 bits
 * @param adapter low-rank adapters of a policy; null to train all its weights. Critics have none
 */
public record ModelSettings(
        String device, Precision precision, @Nullable LoraSettings adapter) {

    /** Precision of the matrix products. */
    public enum Precision {
        /** IEEE 754 single precision: the reference. */
        FLOAT32,
        /**
         * 8 bits of precision in the range of single precision, for the products inside the layers: faster if the
         * hardware supports it, but results depend on the batch.
         */
        BFLOAT16
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

    /** Why a model cannot run on the device, as a sentence; null if it can. */
    public @Nullable String obstacle() {
        if (device.equals("cpu")) {
            return null;
        }
        Engine engine = Engine.getEngine("PyTorch");
        if (!engine.hasCapability("CUDA")) {
            return "PyTorch " + engine.getVersion() + " finds no GPU, or is the build for the CPU alone";
        }
        int count = engine.getGpuCount();
        return toDevice().getDeviceId() < count ? null : "there are " + count + " GPUs, counted from 0";
    }

    Device toDevice() {
        if (device.equals("cpu")) {
            return Device.cpu();
        }
        int colon = device.indexOf(':');
        return Device.gpu(colon < 0 ? 0 : Integer.parseInt(device.substring(colon + 1)));
    }
}
