package io.sppostream.evaluation;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * One sampled response and its verdict: a line of the file of samples. {@code ./sppo grade --cases} reads such lines, too.
 *
 * @param problem id of the problem
 * @param sample index of the sample among those of the problem, from 0
 * @param seed of the sample's random numbers
 * @param prompt last message of the prompt
 * @param gold the reference answer
 * @param response the response, without special tokens
 * @param tokens of the response; of a server, as it counts them
 * @param finishReason STOP, LENGTH, or REFUSED if the policy cannot read the prompt
 * @param status the verdict's status
 * @param extracted the answer found in the response; null if there was none
 * @param rule id of the rule that decided
 * @param reward in [0, 1]; null if no response to the problem can be judged
 */
record SampleRecord(
        String problem,
        int sample,
        long seed,
        String prompt,
        String gold,
        String response,
        int tokens,
        @JsonProperty("finish_reason") String finishReason,
        String status,
        @Nullable String extracted,
        String rule,
        @Nullable Double reward) {

    static final String LENGTH = "LENGTH";
    static final String REFUSED = "REFUSED";
    private static final String CUT_OFF = "cut-off";

    /** Whether the verifier found an answer; an empty box has none. */
    boolean hasAnswer() {
        return extracted != null && !extracted.isBlank();
    }

    /** This sample's vote; an answer that the token limit may have cut counts as none. */
    MajorityVote.Vote vote() {
        boolean votes = hasAnswer() && !rule.equals(CUT_OFF);
        return new MajorityVote.Vote(votes ? extracted : null, reward == null ? 0 : reward);
    }

    boolean isCutOff() {
        return finishReason.equals(LENGTH);
    }
}
