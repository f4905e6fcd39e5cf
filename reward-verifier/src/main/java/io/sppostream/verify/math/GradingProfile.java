package io.sppostream.verify.math;

import io.sppostream.verify.math.read.BoxedAnswer;
import io.sppostream.verify.math.read.Extraction;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Where the grader looks for answers and how it compares them. */
public enum GradingProfile {
    /** The last box, else an {@code Answer:} line; compared as mathematics. */
    MATH(Extraction.MARKED, Comparison.VALUES),
    /**
     * The order of attempts of <a href="https://github.com/huggingface/Math-Verify">Math-Verify</a>: the last box, else
     * what "the answer is" announces, else the last expression; compared as mathematics. Unlike there, nothing else is
     * tried if the first find cannot be parsed, and a sentence that hedges has no answer.
     */
    MATH_VERIFY(Extraction.ANYWHERE, Comparison.VALUES),
    /** The last box, else {@code ####}, else an {@code Answer:} line; compared as mathematics. */
    GSM8K(Extraction.MARKED_OR_HASHES, Comparison.VALUES),
    /** The number after the last {@code ####}, as the strict reward of verl and lm-eval takes it; compared as mathematics. */
    GSM8K_STRICT(Extraction.NUMBER_AFTER_HASHES, Comparison.VALUES),
    /** The last number, as the flexible reward of verl and lm-eval takes it; compared as mathematics. */
    GSM8K_FLEXIBLE(Extraction.LAST_NUMBER, Comparison.VALUES),
    /**
     * What "Final Answer: The final answer is ... I hope it is correct." encloses, as the prompt of Minerva (Lewkowycz et
     * al., 2022, appendix D) asks for; compared as mathematics.
     */
    MINERVA(Extraction.FINAL_ANSWER, Comparison.VALUES),
    /**
     * Extracted as in {@link #MATH}; compared character by character, leading and trailing whitespace ignored. Formerly
     * {@code exact}, which now only names the verifier that compares whole responses.
     */
    VERBATIM(Extraction.MARKED, Comparison.CHARACTERS),
    /** Extracted as in {@link #MATH}; the letters of multiple-choice answers are compared. */
    CHOICE(Extraction.MARKED, Comparison.LETTERS),
    /**
     * {@link #MATH} with the tolerances of the official SPPO reward: numbers are equal within one part in 10,000, and
     * also to a hundredth and a hundredfold of the reference. Only for comparison with the paper: 5 and 500 are equal.
     */
    SPPO_COMPAT(Extraction.MARKED, Comparison.TOLERANT_VALUES);

    /** How an answer is compared with the reference. */
    enum Comparison {
        VALUES,
        TOLERANT_VALUES,
        CHARACTERS,
        LETTERS;

        /** Whether answers are parsed and compared as mathematics, rather than as texts or letters. */
        boolean parses() {
            return this == VALUES || this == TOLERANT_VALUES;
        }
    }

    /** The former id of {@link #VERBATIM}: deprecated, but recorded runs and scripts may use it. */
    private static final String FORMER_VERBATIM = "exact";

    private final Extraction extraction;
    private final Comparison comparison;

    GradingProfile(Extraction extraction, Comparison comparison) {
        this.extraction = extraction;
        this.comparison = comparison;
    }

    /** The name used in configuration and on the command line, for example {@code sppo-compat}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The ids of all profiles, separated by commas. */
    public static String ids() {
        return Arrays.stream(values()).map(GradingProfile::id).collect(Collectors.joining(", "));
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
        throw new IllegalArgumentException("No grading profile is called '" + id + "'; use one of " + ids() + ".");
    }

    /**
     * Whether nothing marks the answer that the profile takes from a response. If the response was cut off, the next token
     * could have changed such an answer.
     */
    public boolean takesUnmarked(String response) {
        return extraction == Extraction.LAST_NUMBER
                || (extraction == Extraction.ANYWHERE && !BoxedAnswer.isIn(response));
    }

    /** Where a response has its answer. */
    Extraction extraction() {
        return extraction;
    }

    /** How an answer is compared with the reference. */
    Comparison comparison() {
        return comparison;
    }
}
