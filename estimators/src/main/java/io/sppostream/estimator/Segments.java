package io.sppostream.estimator;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The advantages of a response, shape [T], as runs of tokens that share an advantage and are all trained or all not.
 * Immutable. Neighbouring runs differ, so that equal advantages have one representation: a response with one advantage
 * takes a few bytes, whatever its length.
 */
public final class Segments {
    private final int[] ends;
    private final double[] advantages;
    private final boolean[] trained;

    private Segments(int[] ends, double[] advantages, boolean[] trained) {
        this.ends = ends;
        this.advantages = advantages;
        this.trained = trained;
    }

    /** One advantage for all tokens, all of them trained. */
    public static Segments uniform(int tokens, double advantage) {
        requireTokens(tokens);
        return new Segments(new int[] {tokens}, new double[] {advantage}, new boolean[] {true});
    }

    /** An advantage for each token, all of them trained. */
    public static Segments of(double[] advantages) {
        boolean[] all = new boolean[advantages.length];
        Arrays.fill(all, true);
        return of(advantages, all);
    }

    /**
     * An advantage for each token.
     *
     * @param advantages A, shape [T], T at least 1
     * @param trained which tokens carry loss, shape [T]
     */
    public static Segments of(double[] advantages, boolean[] trained) {
        int tokens = advantages.length;
        requireTokens(tokens);
        if (trained.length != tokens) {
            throw new IllegalArgumentException("a mask of " + trained.length + " for " + tokens + " advantages");
        }
        int count = 0;
        for (int t = 0; t < tokens; t++) {
            count += t + 1 == tokens || differs(advantages, trained, t, t + 1) ? 1 : 0;
        }
        int[] ends = new int[count];
        double[] ofRuns = new double[count];
        boolean[] mask = new boolean[count];
        int run = 0;
        for (int t = 0; t < tokens; t++) {
            if (t + 1 == tokens || differs(advantages, trained, t, t + 1)) {
                ends[run] = t + 1;
                ofRuns[run] = advantages[t];
                mask[run++] = trained[t];
            }
        }
        return new Segments(ends, ofRuns, mask);
    }

    private static boolean differs(double[] advantages, boolean[] trained, int t, int u) {
        return trained[t] != trained[u] || Double.compare(advantages[t], advantages[u]) != 0;
    }

    private static void requireTokens(int tokens) {
        if (tokens < 1) {
            throw new IllegalArgumentException("a response of " + tokens + " tokens has no advantages");
        }
    }

    /** The number of runs. */
    public int count() {
        return ends.length;
    }

    /** The index after the last token of a run; that of the last run is T. */
    public int end(int run) {
        return ends[run];
    }

    /** The index of the first token of a run. */
    public int start(int run) {
        return run == 0 ? 0 : ends[run - 1];
    }

    /** A of every token of a run. */
    public double advantage(int run) {
        return advantages[run];
    }

    /** Whether the tokens of a run carry loss. */
    public boolean isTrained(int run) {
        return trained[run];
    }

    /** T, the number of tokens. */
    public int length() {
        return ends[ends.length - 1];
    }

    /** The number of tokens that carry loss. */
    public int trainedTokens() {
        int tokens = 0;
        for (int run = 0; run < count(); run++) {
            tokens += trained[run] ? end(run) - start(run) : 0;
        }
        return tokens;
    }

    /** A of every token, whether it carries loss or not, shape [T]. */
    public double[] perToken() {
        double[] all = new double[length()];
        for (int run = 0; run < count(); run++) {
            Arrays.fill(all, start(run), end(run), advantages[run]);
        }
        return all;
    }

    /** Which tokens carry loss, shape [T]. */
    public boolean[] trainedPerToken() {
        boolean[] all = new boolean[length()];
        for (int run = 0; run < count(); run++) {
            Arrays.fill(all, start(run), end(run), trained[run]);
        }
        return all;
    }

    /** These segments with a function applied to the advantages of trained tokens, and 0 for the others. */
    public Segments map(DoubleUnaryOperator function) {
        double[] mapped = new double[count()];
        for (int run = 0; run < count(); run++) {
            mapped[run] = trained[run] ? function.applyAsDouble(advantages[run]) : 0;
        }
        return new Segments(ends, mapped, trained);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Segments that
                && Arrays.equals(ends, that.ends)
                && Arrays.equals(advantages, that.advantages)
                && Arrays.equals(trained, that.trained);
    }

    @Override
    public int hashCode() {
        return (Arrays.hashCode(ends) * 31 + Arrays.hashCode(advantages)) * 31 + Arrays.hashCode(trained);
    }

    /** For example {@code [0, 5): 0.25, [5, 7): 0.25 not trained}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int run = 0; run < count(); run++) {
            text.append(run == 0 ? "[" : ", [")
                    .append(start(run))
                    .append(", ")
                    .append(end(run))
                    .append("): ")
                    .append(advantages[run])
                    .append(trained[run] ? "" : " not trained");
        }
        return text.toString();
    }
}
