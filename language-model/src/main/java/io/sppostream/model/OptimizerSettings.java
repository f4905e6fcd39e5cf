package io.sppostream.model;

/**
 * AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), as {@code torch.optim.AdamW}.
 *
 * @param beta1 decay of the gradient's running mean
 * @param beta2 decay of the squared gradient's running mean
 * @param epsilon added to the root of the squared gradient's running mean
 * @param weightDecay fraction by which each parameter shrinks per step and unit of learning rate
 * @param maxGradientNorm a gradient with a larger Euclidean norm over all parameters is scaled down to this norm;
 *     infinity disables clipping
 * @param state how the running means are kept
 */
public record OptimizerSettings(
        double beta1, double beta2, double epsilon, double weightDecay, double maxGradientNorm, State state) {

    /** How the two running means of each parameter are kept. */
    public enum State {
        /** In 32 bits: 8 bytes a parameter. */
        FP32,
        /**
         * In 8 bits with a scale for each block of 256 (Dettmers et al., arXiv 2110.02861): 2 bytes a parameter. Means
         * are rounded at every step, so weights differ from those of 32 bits.
         */
        INT8
    }

    /** Running means in 32 bits. */
    public OptimizerSettings(double beta1, double beta2, double epsilon, double weightDecay, double maxGradientNorm) {
        this(beta1, beta2, epsilon, weightDecay, maxGradientNorm, State.FP32);
    }

    public OptimizerSettings {
        if (!(beta1 >= 0 && beta1 < 1) || !(beta2 >= 0 && beta2 < 1)) {
            throw new IllegalArgumentException("beta1 and beta2 must be in [0, 1), got " + beta1 + " and " + beta2);
        }
        if (!(epsilon >= 0) || !(weightDecay >= 0) || !(maxGradientNorm > 0)) {
            throw new IllegalArgumentException("epsilon and weightDecay must be at least 0 and maxGradientNorm above 0,"
                    + " got " + epsilon + ", " + weightDecay + " and " + maxGradientNorm);
        }
    }
}
