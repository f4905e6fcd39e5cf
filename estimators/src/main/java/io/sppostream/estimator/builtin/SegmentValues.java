package io.sppostream.estimator.builtin;

import io.sppostream.estimator.Credit;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Purpose;
import io.sppostream.estimator.Sampling;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Advantages of segments by Monte Carlo: a response is cut at boundaries, the value of a boundary is the mean reward of
 * fresh completions of the tokens before it, and the advantage of a segment is the rise of the value along it.
 */
final class SegmentValues {
    private SegmentValues() {}

    /** Completions of the prefix before each boundary of each rollout. Equal prefixes are completed once. */
    static List<FollowUp> plan(Group group, Function<GroupRollout, int[]> boundaries, int completions) {
        Map<String, FollowUp> byId = new LinkedHashMap<>();
        for (GroupRollout rollout : group.rollouts()) {
            completions(group, rollout, boundaries.apply(rollout), completions)
                    .forEach(followUp -> byId.putIfAbsent(followUp.id(), followUp));
        }
        return List.copyOf(byId.values());
    }

    private static List<FollowUp> completions(Group group, GroupRollout rollout, int[] boundaries, int completions) {
        return FollowUp.ofPrefixes(group, rollout, boundaries, Purpose.PREFIX_VALUE, completions, Sampling.DEFAULT);
    }

    /**
     * The advantage of each token of a judged rollout, shape [T]; empty if it has boundaries and none of them has a
     * judged completion.
     *
     * @param boundaries the first token of each segment, ascending
     */
    static Optional<double[]> advantages(Group group, GroupRollout rollout, int[] boundaries, int completions) {
        double[] values = completions(group, rollout, boundaries, completions).stream()
                .map(followUp -> group.meanReward(followUp.id()))
                .mapToDouble(value -> value.orElse(Double.NaN))
                .toArray();
        boolean unknown = values.length > 0 && Arrays.stream(values).allMatch(Double::isNaN);
        return unknown
                ? Optional.empty()
                : Optional.of(advantages(rollout.length(), boundaries, values, rollout.requireReward()));
    }

    /**
     * The credits of the judged rollouts that have advantages.
     *
     * @param credit makes a credit of the advantages of each token, shape [T]; empty if no token is trained
     */
    static List<Credit> credits(
            Group group,
            Function<GroupRollout, int[]> boundaries,
            int completions,
            BiFunction<GroupRollout, double[], Optional<Credit>> credit) {
        return group.judged().stream()
                .flatMap(rollout -> advantages(group, rollout, boundaries.apply(rollout), completions)
                        .flatMap(advantages -> credit.apply(rollout, advantages))
                        .stream())
                .toList();
    }

    /** Whether any judged rollout has advantages. */
    static boolean canCredit(Group group, Function<GroupRollout, int[]> boundaries, int completions) {
        return group.judged().stream()
                .anyMatch(rollout -> advantages(group, rollout, boundaries.apply(rollout), completions)
                        .isPresent());
    }

    /**
     * {@code V(next boundary) - V(boundary)} for every token of a segment; the value at the end is the reward. Tokens
     * before the first boundary have 0. A boundary of unknown value is left out: its segment belongs to the one before.
     *
     * @param boundaries the first token of each segment, ascending, shape [B]
     * @param values V of the prefix before each boundary, NaN if it is unknown, shape [B]
     * @return A, shape [T]
     */
    static double[] advantages(int tokens, int[] boundaries, double[] values, double reward) {
        double[] advantages = new double[tokens];
        int end = tokens;
        double valueAtEnd = reward;
        for (int b = boundaries.length - 1; b >= 0; b--) {
            if (!Double.isNaN(values[b])) {
                Arrays.fill(advantages, boundaries[b], end, valueAtEnd - values[b]);
                end = boundaries[b];
                valueAtEnd = values[b];
            }
        }
        return advantages;
    }
}
