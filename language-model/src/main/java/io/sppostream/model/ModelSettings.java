package io.sppostream.model;

import ai.djl.Device;

/**
 * Where a model computes, and in what precision.
 *
 * @param device {@code cpu}, or a GPU as {@code cuda} or {@code cuda:1}
 * @param precision of the layers' matrix products; weights, logits, gradients and optimizer state are in 32 bits
 */
public record ModelSettings(String device, Precision precision) {

    /** Precision of the matrix products. */
    public enum Precision {
        /** IEEE 754 single precision: the reference. */
        FLOAT32,
        /**
         * 8 bits of precision in the range of single precision, for the products inside the layers: faster where the
         * hardware has it, and no longer the same bits in every batch.
         */
        BFLOAT16
    }

    public ModelSettings {
        if (!device.matches("cpu|cuda(:\\d+)?")) {
            throw new IllegalArgumentException("Unknown device '" + device + "': use cpu, cuda or cuda:<index>");
        }
    }

    /** The CPU in single precision: deterministic, bit for bit. */
    public static ModelSettings cpu() {
        return new ModelSettings("cpu", Precision.FLOAT32);
    }

    Device toDevice() {
        if (device.equals("cpu")) {
            return Device.cpu();
        }
        int colon = device.indexOf(':');
        return Device.gpu(colon < 0 ? 0 : Integer.parseInt(device.substring(colon + 1)));
    }
}
