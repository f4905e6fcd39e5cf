package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Sequences that are computed together, padded on the right to the length of the longest.
 *
 * @param members indices of the sequences in the whole batch
 * @param offsets [members + 1] index of each member's first output in [N]
 * @param length positions T of a row
 * @param ids [members, T] input tokens
 * @param read [N] flat positions whose hidden state is read
 * @param targets [N] the token each of them predicts; empty for critics
 */
record MicroBatch(int[] members, int[] offsets, int length, long[] ids, long[] read, long[] targets) {

    /**
     * Splits a batch into pieces of about equal cost, longest sequences first, with sequences of similar length together.
     * The split depends on the sequences and the limit only.
     *
     * @param tokens most tokens in a piece, padding included; a longer sequence forms a piece by itself
     */
    static List<MicroBatch> ofSequences(List<TokenSequence> batch, int tokens) {
        List<MicroBatch> pieces = new ArrayList<>();
        // The last response token is predicted, never read.
        IntUnaryOperator inputs =
                i -> batch.get(i).prompt().length + batch.get(i).response().length - 1;
        for (int[] members : partition(batch.size(), inputs, tokens)) {
            pieces.add(ofSequences(batch, members, inputs.applyAsInt(members[0])));
        }
        return pieces;
    }

    private static MicroBatch ofSequences(List<TokenSequence> batch, int[] members, int length) {
        int[] offsets = new int[members.length + 1];
        for (int row = 0; row < members.length; row++) {
            offsets[row + 1] = offsets[row] + batch.get(members[row]).response().length;
        }
        long[] ids = new long[members.length * length];
        long[] read = new long[offsets[members.length]];
        long[] targets = new long[offsets[members.length]];
        for (int row = 0; row < members.length; row++) {
            int[] prompt = batch.get(members[row]).prompt();
            int[] response = batch.get(members[row]).response();
            long start = (long) row * length;
            for (int t = 0; t < prompt.length; t++) {
                ids[(int) start + t] = prompt[t];
            }
            for (int t = 0; t < response.length; t++) {
                if (t < response.length - 1) {
                    ids[(int) start + prompt.length + t] = response[t];
                }
                read[offsets[row] + t] = start + prompt.length - 1 + t;
                targets[offsets[row] + t] = response[t];
            }
        }
        return new MicroBatch(members, offsets, length, ids, read, targets);
    }

    /** As {@link #ofSequences(List, int)}, for what a critic scores. */
    static List<MicroBatch> ofScored(List<ScoredTokens> batch, int tokens) {
        IntUnaryOperator inputs = i -> batch.get(i).tokens().length;
        List<MicroBatch> pieces = new ArrayList<>();
        for (int[] members : partition(batch.size(), inputs, tokens)) {
            pieces.add(ofScored(batch, members, inputs.applyAsInt(members[0]), 1));
        }
        return pieces;
    }

    /**
     * One piece of what a critic scores.
     *
     * @param length positions of a row, at least those of the longest member
     * @param readMultiple the first position is read again until the positions read are a multiple of this
     */
    static MicroBatch ofScored(List<ScoredTokens> batch, int[] members, int length, int readMultiple) {
        int[] offsets = new int[members.length + 1];
        for (int row = 0; row < members.length; row++) {
            offsets[row + 1] = offsets[row] + batch.get(members[row]).values();
        }
        int outputs = offsets[members.length];
        long[] ids = new long[members.length * length];
        long[] read = new long[(outputs + readMultiple - 1) / readMultiple * readMultiple];
        for (int row = 0; row < members.length; row++) {
            ScoredTokens scored = batch.get(members[row]);
            long start = (long) row * length;
            for (int t = 0; t < scored.tokens().length; t++) {
                ids[(int) start + t] = scored.tokens()[t];
            }
            for (int i = 0; i < scored.values(); i++) {
                read[offsets[row] + i] = start + scored.from() + i;
            }
        }
        Arrays.fill(read, outputs, read.length, read[0]);
        return new MicroBatch(members, offsets, length, ids, read, new long[0]);
    }

    /** Indices 0 to n - 1 by falling length, in pieces of at most {@code tokens}, as even as that many pieces can be. */
    private static List<int[]> partition(int n, IntUnaryOperator length, int tokens) {
        int[] order = IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingInt((Integer i) -> -length.applyAsInt(i)))
                .mapToInt(Integer::intValue)
                .toArray();
        long total = Arrays.stream(order).mapToLong(length::applyAsInt).sum();
        int pieces = cut(order, length, tokens, Long.MAX_VALUE).size();
        return cut(order, length, tokens, pieces == 0 ? 1 : (total + pieces - 1) / pieces);
    }

    /** Begins a piece when the next sequence would exceed the limit, or the sequences so far reach a multiple of the share. */
    private static List<int[]> cut(int[] order, IntUnaryOperator length, int limit, long share) {
        List<int[]> pieces = new ArrayList<>();
        int begin = 0;
        long sum = 0;
        for (int i = 0; i < order.length; i++) {
            long padded = (i + 1L - begin) * length.applyAsInt(order[begin]);
            boolean shared = share != Long.MAX_VALUE && sum >= share * (pieces.size() + 1);
            if (i > begin && (padded > limit || shared)) {
                pieces.add(Arrays.copyOfRange(order, begin, i));
                begin = i;
            }
            sum += length.applyAsInt(order[i]);
        }
        if (begin < order.length) {
            pieces.add(Arrays.copyOfRange(order, begin, order.length));
        }
        return pieces;
    }

    NDArray idsTensor(NDManager manager) {
        return Tensors.of(manager, ids, new Shape(members.length, length));
    }

    NDArray readTensor(NDManager manager) {
        return Tensors.of(manager, read, new Shape(read.length));
    }

    NDArray targetsTensor(NDManager manager) {
        return Tensors.of(manager, targets, new Shape(targets.length));
    }

    /** The outputs of one member, out of [N]. */
    float[] outputsOf(int row, float[] outputs) {
        return Arrays.copyOfRange(outputs, offsets[row], offsets[row + 1]);
    }

    /** Gives a loss the entropies [N] of its sequences. */
    void entropies(TokenLoss loss, float[] entropies) {
        for (int row = 0; row < members.length; row++) {
            loss.entropies(members[row], outputsOf(row, entropies));
        }
    }

    /** The derivatives [N] of a loss with respect to the outputs [N]. */
    float[] derivatives(TokenLoss loss, float[] outputs) {
        float[] derivatives = new float[outputs.length];
        for (int row = 0; row < members.length; row++) {
            float[] ofMember = outputsOf(row, outputs);
            float[] gradient = loss.gradient(members[row], ofMember);
            if (gradient.length != ofMember.length) {
                throw new IllegalArgumentException(
                        "The loss gave " + gradient.length + " derivatives for " + ofMember.length + " outputs");
            }
            System.arraycopy(gradient, 0, derivatives, offsets[row], gradient.length);
        }
        return derivatives;
    }
}
