package io.sppostream.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The majority vote over the answers to one problem (self-consistency; Wang et al., 2022). Equal answers vote together; a
 * sample without an answer does not vote. If several answers have the most votes, one of them is drawn at random, and the
 * result is the expected reward of the draw: the same at every evaluation, and fair to each answer.
 */
public final class MajorityVote {
    private MajorityVote() {}

    /**
     * One sample's vote.
     *
     * @param answer the answer; null if the sample has none
     * @param reward of the sample, in [0, 1]
     */
    public record Vote(@Nullable String answer, double reward) {}

    /** The votes for one answer. */
    private static final class Candidate {
        private final String answer;
        private int votes;
        private double rewards;

        Candidate(String answer) {
            this.answer = answer;
        }

        double reward() {
            return rewards / votes;
        }
    }

    /**
     * The expected reward of the winning answer; 0 if no sample has an answer.
     *
     * @param votes in the order of the samples. An answer joins the first candidate that it equals
     * @param equality whether a candidate, given first, and an answer are equal
     */
    public static double reward(List<Vote> votes, BiPredicate<String, String> equality) {
        List<Candidate> candidates = new ArrayList<>();
        for (Vote vote : votes) {
            String answer = vote.answer();
            if (answer != null) {
                Candidate candidate = candidateOf(answer, candidates, equality);
                candidate.votes++;
                candidate.rewards += vote.reward();
            }
        }
        int most =
                candidates.stream().mapToInt(candidate -> candidate.votes).max().orElse(0);
        return candidates.stream()
                .filter(candidate -> candidate.votes == most)
                .mapToDouble(Candidate::reward)
                .average()
                .orElse(0);
    }

    private static Candidate candidateOf(
            String answer, List<Candidate> candidates, BiPredicate<String, String> equality) {
        for (Candidate candidate : candidates) {
            if (candidate.answer.equals(answer) || equality.test(candidate.answer, answer)) {
                return candidate;
            }
        }
        Candidate added = new Candidate(answer);
        candidates.add(added);
        return added;
    }
}
