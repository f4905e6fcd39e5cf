package io.sppostream.evaluation;

import org.jspecify.annotations.Nullable;

/**
 * How the rows of a benchmark's file become prompts.
 *
 * @param promptField field of the problem; null for the usual ones
 * @param answerField field of the answer; null for the usual ones
 * @param system system message of each prompt; empty for none
 * @param suffix text after each prompt; null for that of the benchmark, which is empty for a file of the user's
 * @param skipsBadRows whether rows without a problem or an answer are skipped; they are refused otherwise
 */
public record BenchmarkFormat(
        @Nullable String promptField,
        @Nullable String answerField,
        String system,
        @Nullable String suffix,
        boolean skipsBadRows) {}
