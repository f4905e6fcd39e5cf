package io.sppostream.model;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The scaling of rotary frequencies that Llama 3.1 introduced ({@code rope_type} {@code llama3}): wavelengths that fit
 * often into the original context stay, those longer than it grow by {@code factor}, those between are interpolated.
 *
 * @param factor by which long wavelengths grow, at least 1
 * @param lowFrequencyFactor wavelengths above {@code originalMaxPositions / lowFrequencyFactor} are scaled in full
 * @param highFrequencyFactor wavelengths below {@code originalMaxPositions / highFrequencyFactor} are not scaled
 * @param originalMaxPositions context length before scaling, in tokens
 */
public record RopeScaling(
        double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalMaxPositions) {

    public RopeScaling {
        if (!(factor >= 1) || !(lowFrequencyFactor > 0) || originalMaxPositions < 1) {
            throw new IllegalArgumentException(
                    "rope scaling needs a factor of at least 1, a positive low-frequency factor and original positions,"
                            + " got " + factor + ", " + lowFrequencyFactor + " and " + originalMaxPositions);
        }
        if (!(highFrequencyFactor > lowFrequencyFactor)) {
            throw new IllegalArgumentException("rope scaling needs a high-frequency factor above the low-frequency"
                    + " factor, got " + highFrequencyFactor + " and " + lowFrequencyFactor);
        }
    }

    /** The scaled frequency, in radians per position, computed in single precision as in the reference implementation. */
    float scale(float frequency) {
        float wavelength = (float) (2 * Math.PI) / frequency;
        if (wavelength < (float) (originalMaxPositions / highFrequencyFactor)) {
            return frequency;
        }
        if (wavelength > (float) (originalMaxPositions / lowFrequencyFactor)) {
            return frequency / (float) factor;
        }
        float smooth = (originalMaxPositions / wavelength - (float) lowFrequencyFactor)
                / (float) (highFrequencyFactor - lowFrequencyFactor);
        return (1 - smooth) * frequency / (float) factor + smooth * frequency;
    }

    /** Adds the fields of {@code rope_parameters} or {@code rope_scaling} in {@code config.json}. */
    void write(ObjectNode rope) {
        rope.put("rope_type", "llama3");
        rope.put("factor", factor);
        rope.put("low_freq_factor", lowFrequencyFactor);
        rope.put("high_freq_factor", highFrequencyFactor);
        rope.put("original_max_position_embeddings", originalMaxPositions);
    }
}
