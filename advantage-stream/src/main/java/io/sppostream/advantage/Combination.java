package io.sppostream.advantage;

import static java.util.stream.Collectors.joining;

import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How the verdicts of several verifiers on one rollout become its reward. The outcome depends on the verdicts alone and
 * not on the order in which they arrive: it is there as soon as no verdict still to come could change it.
 *
 * @param rule what is made of the verdicts
 * @param verifiers names of the verifiers, in the order of the configuration; none twice
 * @param weights of the verifiers, positive, for {@link Rule#WEIGHTED}; empty for the other rules
 */
public record Combination(Rule rule, List<String> verifiers, List<Double> weights) {

    /** What is made of verdicts. RewardRules are in [0, 1]; a verdict without one did not judge. */
    public enum Rule {
        /** The reward of the first verifier, in the order of the configuration, that judged: the others stand in. */
        FIRST,
        /** The least reward: right where all say so. A 0 decides at once; else all have to have judged. */
        ALL,
        /** The greatest reward: right where one says so. A 1 decides at once; else all have to have judged. */
        ANY,
        /** The mean of the rewards by weight, {@code sum w r / sum w}. All have to have judged. */
        WEIGHTED
    }

    /** What a rollout's verdicts come to. */
    public sealed interface Outcome {
        /**
         * A reward.
         *
         * @param reward in [0, 1]
         * @param verdicts those it follows from, in the order of the configuration
         */
        record Rewarded(double reward, List<Verdict> verdicts) implements Outcome {}

        /**
         * There will be no reward.
         *
         * @param because the verdict to blame
         */
        record NotJudged(Verdict because) implements Outcome {
            /** Why the rollout expires: whether it is the machinery that failed, which others watch. */
            public ExpiryReason reason() {
                return switch (because.getStatus()) {
                    case INFRA_ERROR, TIMEOUT -> ExpiryReason.INFRA_ERROR;
                    default -> ExpiryReason.NOT_JUDGED;
                };
            }

            /** The same in words. */
            public String detail() {
                return "verdict " + because.getStatus() + " of " + because.getVerifier() + ": " + because.getRule();
            }
        }
    }

    public Combination {
        verifiers = List.copyOf(verifiers);
        weights = List.copyOf(weights);
        if (verifiers.isEmpty()) {
            throw new IllegalArgumentException("no verifier to reward by");
        }
        if (new HashSet<>(verifiers).size() < verifiers.size()) {
            throw new IllegalArgumentException("a verifier is named twice: " + String.join(", ", verifiers));
        }
        if (weights.size() != (rule == Rule.WEIGHTED ? verifiers.size() : 0)
                || weights.stream().anyMatch(weight -> !(weight > 0 && weight < Double.POSITIVE_INFINITY))) {
            throw new IllegalArgumentException("each verifier of weighted, and no other, has a positive weight");
        }
    }

    /** The reward is what one verifier says. */
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
     * What the verdicts there are come to; null while it depends on one still to come.
     *
     * @param verdicts in any order; those of other verifiers count for nothing
     */
    public @Nullable Outcome outcome(List<Verdict> verdicts) {
        return switch (rule) {
            case FIRST -> first(verdicts);
            case ALL -> extreme(inOrder(verdicts), 0);
            case ANY -> extreme(inOrder(verdicts), 1);
            case WEIGHTED -> weighted(inOrder(verdicts));
        };
    }

    /** The verdict of each verifier, null where it is still to come. */
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

    private @Nullable Outcome first(List<Verdict> verdicts) {
        Verdict last = null;
        for (String verifier : verifiers) {
            Verdict verdict = find(verifier, verdicts);
            if (verdict == null) {
                return null;
            }
            if (verdict.getReward() != null) {
                return new Outcome.Rewarded(verdict.getReward(), List.of(verdict));
            }
            last = verdict;
        }
        return last == null ? null : new Outcome.NotJudged(last);
    }

    /** The reward nearest to an end of [0, 1], which decides by itself once it is there. */
    private static @Nullable Outcome extreme(List<@Nullable Verdict> inOrder, double end) {
        double nearest = 1 - end;
        for (Verdict verdict : inOrder) {
            if (verdict != null && verdict.getReward() != null) {
                if (verdict.getReward() == end) {
                    return new Outcome.Rewarded(end, List.of(verdict));
                }
                nearest = end == 0 ? Math.min(nearest, verdict.getReward()) : Math.max(nearest, verdict.getReward());
            }
        }
        return inOrder.contains(null) ? null : judgedByAll(inOrder, nearest);
    }

    private @Nullable Outcome weighted(List<@Nullable Verdict> inOrder) {
        double sum = 0;
        double total = 0;
        for (int i = 0; i < inOrder.size(); i++) {
            Verdict verdict = inOrder.get(i);
            if (verdict != null && verdict.getReward() == null) {
                return new Outcome.NotJudged(verdict);
            }
            if (verdict != null) {
                sum += weights.get(i) * verdict.getReward();
                total += weights.get(i);
            }
        }
        return inOrder.contains(null) ? null : judgedByAll(inOrder, Math.min(1, sum / total));
    }

    private static Outcome judgedByAll(List<@Nullable Verdict> inOrder, double reward) {
        List<Verdict> verdicts = new ArrayList<>(inOrder.size());
        for (Verdict verdict : inOrder) {
            if (verdict != null && verdict.getReward() == null) {
                return new Outcome.NotJudged(verdict);
            }
            if (verdict != null) {
                verdicts.add(verdict);
            }
        }
        return new Outcome.Rewarded(reward, verdicts);
    }
}
