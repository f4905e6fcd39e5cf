package io.sppostream.model;

/**
 * Low-rank adapters (LoRA, arXiv 2106.09685) of all linear layers of a policy: the query, key, value and output
 * projections and the gate, up and down projections compute {@code W x + alpha / rank B A x}. Only A and B are trained. B
 * starts at zero; A is uniform in {@code +-1 / sqrt(in)}, as in PEFT.
 *
 * @param rank rows of A and columns of B, at least 1
 * @param alpha numerator of the scale, above 0
 * @param seed of the start values of A
 */
public record LoraSettings(int rank, double alpha, long seed) {

    public LoraSettings {
        if (rank < 1 || !(alpha > 0) || Double.isInfinite(alpha)) {
            throw new IllegalArgumentException(
                    "The rank of an adapter must be at least 1 and alpha positive and finite, got " + rank + " and "
                            + alpha);
        }
    }

    /** The factor of {@code B A x}. */
    double scale() {
        return alpha / rank;
    }
}
