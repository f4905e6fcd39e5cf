package io.sppostream.verify.math;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Where the grader looks for answers and how it compares them. */
public enum GradingProfile {
    /** The last box, else an {@code Answer:} line; compared as mathematics. */
    MATH,
    /** The last box, else {@code ####}, else an {@code Answer:} line; compared as mathematics. */
    GSM8K,
    /**
     * Extracted as in {@link #MATH}; compared character by character, leading and trailing whitespace ignored. Formerly
     * {@code exact}, which now only names the verifier that compares whole responses.
     */
    VERBATIM,
    /** Extracted as in {@link #MATH}; the letters of multiple-choice answers are compared. */
    CHOICE,
    /**
     * {@link #MATH} with the tolerances of the official SPPO reward: numbers are equal within one part in 10,000, and
     * also to a hundredth and a hundredfold of the reference. Only for comparison with the paper: 5 and 500 are equal.
     */
    SPPO_COMPAT,
    /**
     * The last box, else the last number, even if nothing marks it; compared as mathematics. For short answers only: in a
     * long response it rewards guessing.
     */
    LAST_NUMBER;

    /** The former id of {@link #VERBATIM}: deprecated, but recorded runs and scripts may use it. */
    private static final String FORMER_VERBATIM = "exact";

    /** The name used in configuration and on the command line, for example {@code sppo-compat}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The profile of an {@link #id()}; the deprecated {@code exact} is {@link #VERBATIM}.
     *
     * @throws IllegalArgumentException if there is no such profile; the message lists all
     */
    public static GradingProfile parse(String id) {
        String wanted = id.trim().toLowerCase(Locale.ROOT);
        if (wanted.equals(FORMER_VERBATIM)) {
            return VERBATIM;
        }
        for (GradingProfile profile : values()) {
            if (profile.id().equals(wanted)) {
                return profile;
            }
        }
        throw new IllegalArgumentException("No grading profile is called '" + id + "'; use one of "
                + Arrays.stream(values()).map(GradingProfile::id).collect(Collectors.joining(", ")) + ".");
    }

    /** Whether {@code ####} marks an answer. */
    boolean readsHashes() {
        return this == GSM8K;
    }

    /** Whether an answer needs no mark: the last number of a response counts. */
    public boolean readsLastNumber() {
        return this == LAST_NUMBER;
    }

    /** Whether answers are parsed and compared as mathematics, rather than as texts or letters. */
    boolean comparesValues() {
        return this != VERBATIM && this != CHOICE;
    }
}
