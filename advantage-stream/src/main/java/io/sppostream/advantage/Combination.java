package io.sppostream.advantage;

import static java.util.stream.Collectors.joining;

import io.sppostream.events.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Combines the verdicts of several verifiers on one rollout into its reward. The outcome depends on the verdicts alone,
 * not on the order in which they arrive, and is known as soon as no further verdict could change it.
 *
 * @param rule combines the rewards of the verdicts
 * @param verifiers names of the verifiers, in the order of the configuration, without duplicates
 * @param weights one positive weight per verifier for {@link Rule#WEIGHTED}; empty for the other rules
 */
public record Combination(Rule rule, List<String> verifiers, List<Double> weights) {

    /** Combines rewards in [0, 1]. A verdict without a reward did not judge. */
    public enum Rule {
        /** The reward of the first verifier, in the order of the configuration, that judged. The others are fallbacks. */
        FIRST,
        /** The least reward: correct if all verifiers say so. A 0 decides at once; otherwise all must have judged. */
        ALL,
        /** The greatest reward: correct if any verifier says so. A 1 decides at once; otherwise all must have judged. */
        ANY,
        /** The weighted mean of the rewards, {@code sum w r / sum w}. All verifiers must have judged. */
        WEIGHTED
    }

    public Combination {
        verifiers = List.copyOf(verifiers);
        weights = List.copyOf(weights);
        if (verifiers.isEmpty()) {
            throw new IllegalArgumentException("a combination needs at least one verifier");
        }
        if (new HashSet<>(verifiers).size() < verifiers.size()) {
            throw new IllegalArgumentException("a verifier is named twice: " + String.join(", ", verifiers));
        }
        if (weights.size() != (rule == Rule.WEIGHTED ? verifiers.size() : 0)
                || weights.stream().anyMatch(weight -> !(weight > 0 && weight < Double.POSITIVE_INFINITY))) {
            throw new IllegalArgumentException(
                    "weighted needs one positive, finite weight per verifier; other rules take no weights");
        }
    }

    /** The reward of a single verifier. */
    public static Combination of(String verifier) {
        return new Combination(Rule.FIRST, List.of(verifier), List.of());
    }

    /** The combination as it is recorded: {@code all}, or {@code weighted(math=0.8, length=0.2)}. */
    public String id() {
        String name = rule.name().toLowerCase(Locale.ROOT);
        return rule == Rule.WEIGHTED
                ? IntStream.range(0, verifiers.size())
                        .mapToObj(i -> verifiers.get(i) + "=" + weights.get(i))
                        .collect(joining(", ", name + "(", ")"))
                : name;
    }

    /**
     * The outcome of the verdicts so far; null while it depends on one that is still to come.
     *
     * @param verdicts in any order; those of other verifiers are ignored
     */
    public @Nullable RewardOutcome outcome(List<Verdict> verdicts) {
        return switch (rule) {
            case FIRST -> first(verdicts);
            case ALL -> extreme(inOrder(verdicts), 0);
            case ANY -> extreme(inOrder(verdicts), 1);
            case WEIGHTED -> weighted(inOrder(verdicts));
        };
    }

    /** The verdict of each verifier in the order of the configuration, null if it is still to come. */
    private List<@Nullable Verdict> inOrder(List<Verdict> verdicts) {
        List<@Nullable Verdict> inOrder = new ArrayList<>(verifiers.size());
        for (String verifier : verifiers) {
            inOrder.add(find(verifier, verdicts));
        }
        return inOrder;
    }

    private static @Nullable Verdict find(String verifier, List<Verdict> verdicts) {
        for (Verdict verdict : verdicts) {
            if (verdict.getVerifier().equals(verifier)) {
                return verdict;
            }
        }
        return null;
    }

    private @Nullable RewardOutcome first(List<Verdict> verdicts) {
        Verdict last = null;
        for (String verifier : verifiers) {
            Verdict verdict = find(verifier, verdicts);
            if (verdict == null) {
                return null;
            }
            if (verdict.getReward() != null) {
                return new RewardOutcome.Rewarded(verdict.getReward(), List.of(verdict));
            }
            last = verdict;
        }
        return last == null ? null : new RewardOutcome.NotJudged(last);
    }

    /** The reward nearest to one end of [0, 1]. A reward at that end decides alone. */
    private static @Nullable RewardOutcome extreme(List<@Nullable Verdict> inOrder, double end) {
        double nearest = 1 - end;
        for (Verdict verdict : inOrder) {
            if (verdict != null && verdict.getReward() != null) {
                if (verdict.getReward() == end) {
                    return new RewardOutcome.Rewarded(end, List.of(verdict));
                }
                nearest = end == 0 ? Math.min(nearest, verdict.getReward()) : Math.max(nearest, verdict.getReward());
            }
        }
        return inOrder.contains(null) ? null : judgedByAll(inOrder, nearest);
    }

    private @Nullable RewardOutcome weighted(List<@Nullable Verdict> inOrder) {
        double sum = 0;
        double total = 0;
        for (int i = 0; i < inOrder.size(); i++) {
            Verdict verdict = inOrder.get(i);
            if (verdict != null && verdict.getReward() == null) {
                return new RewardOutcome.NotJudged(verdict);
            }
            if (verdict != null) {
                sum += weights.get(i) * verdict.getReward();
                total += weights.get(i);
            }
        }
        return inOrder.contains(null) ? null : judgedByAll(inOrder, Math.min(1, sum / total));
    }

    private static RewardOutcome judgedByAll(List<@Nullable Verdict> inOrder, double reward) {
        List<Verdict> verdicts = new ArrayList<>(inOrder.size());
        for (Verdict verdict : inOrder) {
            if (verdict != null && verdict.getReward() == null) {
                return new RewardOutcome.NotJudged(verdict);
            }
            if (verdict != null) {
                verdicts.add(verdict);
            }
        }
        return new RewardOutcome.Rewarded(reward, verdicts);
    }
}
