package io.sppostream.model;

import java.util.Arrays;
import java.util.SplittableRandom;

/** A request in progress: one row of the batch. */
final class SampledRow {

    /** So far below 1 that its product with a mass of about 1 is below that mass. */
    static final double LARGEST_UNIFORM = 1 - 0x1p-50;

    /** Index of the request. */
    final int request;

    /** Tokens of the prompt; rows with equal prompts share the array. */
    final int[] prompt;

    private final boolean greedy;
    private final SplittableRandom random;
    private final int[] tokens;
    private final float[] logProbs;
    private int length;
    private boolean finished;

    /** @param room most tokens of the completion */
    SampledRow(int index, SampleRequest request, int[] prompt, int room) {
        this.request = index;
        this.prompt = prompt;
        this.greedy = request.greedy();
        this.random = new SplittableRandom(request.seed());
        this.tokens = new int[room];
        this.logProbs = new float[room];
    }

    /** Most keys that this row has in the cache: the last token is never an input. */
    int mostKeys() {
        return prompt.length + tokens.length - 1;
    }

    /** Position of the next input, the newest token; of a finished row, of its last input. */
    int position() {
        return prompt.length + length - (finished ? 2 : 1);
    }

    int newestToken() {
        return tokens[length - 1];
    }

    boolean finished() {
        return finished;
    }

    /** The random number of the next token, as {@code choose} of the program takes it. */
    double uniform() {
        return greedy ? -1 : Math.min(random.nextDouble(), LARGEST_UNIFORM);
    }

    /** @param ends whether it is an end token */
    void append(int token, float logProb, boolean ends) {
        tokens[length] = token;
        logProbs[length] = logProb;
        length++;
        finished = ends || length == tokens.length;
    }

    /** @param endsWithToken whether the last token is an end token */
    Completion completion(boolean endsWithToken) {
        return new Completion(
                Arrays.copyOf(tokens, length),
                Arrays.copyOf(logProbs, length),
                endsWithToken ? FinishReason.STOP : FinishReason.LENGTH);
    }
}
