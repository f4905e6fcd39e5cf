package io.sppostream.model;

/**
 * Floating-point operations that training takes, counted from a model's shape, a multiplication and an addition as two.
 * For a sequence of T tokens of which R are read, in L layers of width d with H query heads and G key-value heads of size
 * s, feed-forward width f and vocabulary V:
 *
 * <pre>
 *   weights    W = 2 L T (d (H + 2 G) s + H s d + 3 d f) + 2 R d V     2 R d for a critic
 *   attention  A = 2 L H s T^2                                         half of the square: a token sees those before it
 *   training   3 (W + A)     forward once, and backward twice: to the inputs and to the weights
 *              2 W + 3 A     if only adapters are trained, whose own products are not counted
 * </pre>
 *
 * <p>This is the work that the loss needs, as model FLOPs utilization is defined (arXiv 2204.02311, appendix B), with
 * causal attention. Padding, layers that gradient checkpointing computes again, norms, the softmax, the optimizer and the
 * passes of a reference policy do not count.
 */
final class TrainingFlops {
    private final ModelConfig model;
    private final int outputs;
    private final boolean adapters;

    /**
     * @param outputs of the head: the vocabulary, or 1 for a critic
     * @param adapters whether only adapters are trained
     */
    TrainingFlops(ModelConfig model, int outputs, boolean adapters) {
        this.model = model;
        this.outputs = outputs;
        this.adapters = adapters;
    }

    /**
     * Those of a sequence.
     *
     * @param tokens T, those that the model reads
     * @param read R, those whose outputs enter the loss
     */
    double of(long tokens, long read) {
        double width = model.hiddenSize();
        double attended = (double) model.heads() * model.headSize();
        double keys = (double) model.keyValueHeads() * model.headSize();
        double layer = width * (attended + 2 * keys) + attended * width + 3 * width * model.intermediateSize();
        double weights = 2 * layer * model.layers() * tokens + 2 * width * outputs * read;
        double attention = 2 * attended * model.layers() * tokens * tokens;
        return (adapters ? 2 : 3) * weights + 3 * attention;
    }
}
