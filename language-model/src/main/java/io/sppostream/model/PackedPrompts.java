package io.sppostream.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Distinct prompts that are computed together, one after the other, as {@code prefill} of the program takes them.
 *
 * @param ids [N] their tokens by rising length, then zeros
 * @param lengths for each length: how many prompts have it, the length, and how many rows have one of them
 * @param rows [R] the prompt of each row among those of its length; empty if every prompt has one row
 * @param ends [R] index of the last token of each row's prompt
 */
@SuppressWarnings("ArrayRecordComponent") // Passed on unchanged and never compared.
record PackedPrompts(long[] ids, long[] lengths, long[] rows, long[] ends) {

    /**
     * Packs prompts.
     *
     * @param prompts by rising length
     * @param copies rows that have each of them
     * @param width elements of a feed-forward layer for each token
     */
    static PackedPrompts of(List<int[]> prompts, int[] copies, int width) {
        int tokens = prompts.stream().mapToInt(prompt -> prompt.length).sum();
        int padded = Math.max(tokens, Transformer.LEAST_ROWS);
        while ((long) padded * width % Transformer.VECTOR != 0) {
            padded++;
        }
        int rowCount = Arrays.stream(copies).sum();
        long[] ids = new long[padded];
        long[] rows = new long[rowCount > prompts.size() ? rowCount : 0];
        long[] ends = new long[rowCount];
        List<long[]> lengths = new ArrayList<>();
        int token = 0;
        int row = 0;
        for (int p = 0; p < prompts.size(); p++) {
            int[] prompt = prompts.get(p);
            if (p == 0 || prompts.get(p - 1).length != prompt.length) {
                lengths.add(new long[] {0, prompt.length, 0});
            }
            for (int id : prompt) {
                ids[token++] = id;
            }
            long[] length = lengths.get(lengths.size() - 1);
            if (rows.length > 0) {
                Arrays.fill(rows, row, row + copies[p], length[0]);
            }
            Arrays.fill(ends, row, row + copies[p], token - 1);
            row += copies[p];
            length[0]++;
            length[2] += copies[p];
        }
        return new PackedPrompts(
                ids, lengths.stream().flatMapToLong(Arrays::stream).toArray(), rows, ends);
    }
}
