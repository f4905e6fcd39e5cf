package io.sppostream.verify.math;

import java.util.Locale;

/** Where answers are looked for and how they are compared. */
public enum GradingProfile {
    /** A box, else an {@code Answer:} line; typed comparison. */
    MATH,
    /** A box, else {@code ####}, else an {@code Answer:} line; typed comparison. */
    GSM8K,
    /** Found as in {@link #MATH}; equal only character by character, surrounding blanks aside. */
    EXACT,
    /** Found as in {@link #MATH}; the letter of a multiple-choice answer. */
    CHOICE,
    /**
     * {@link #MATH} with the tolerances of the official SPPO reward: numbers agree within one part in 10,000, and at a
     * hundredth or a hundredfold too. For comparing with the paper only: it calls 5 and 500 the same.
     */
    SPPO_COMPAT;

    /** The name used in configuration and on the command line, for example {@code sppo-compat}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The profile of that {@link #id()}.
     *
     * @throws IllegalArgumentException naming the known profiles, where there is none of that name
     */
    public static GradingProfile parse(String id) {
        for (GradingProfile profile : values()) {
            if (profile.id().equals(id.trim().toLowerCase(Locale.ROOT))) {
                return profile;
            }
        }
        throw new IllegalArgumentException(
                "No grading profile is called '" + id + "'; use one of math, gsm8k, exact, choice, sppo-compat.");
    }
}
