package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.RewardOutcome;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.run.evaluate.OfflineRewards;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rewards of a replay: the recorded ones, or those of other verifiers, which judge each rollout once. Not thread-safe.
 */
final class ReplayJudge {

    /**
     * The reward of a rollout.
     *
     * @param reward null if the rollout is not judged
     * @param verdicts those the reward follows from; if the rollout is not judged, the verdict that is the reason, if any
     * @param combination how they become the reward
     * @param reason why there is no reward; null if there is one
     * @param detail the reason in words
     */
    record Ruling(
            @Nullable Double reward,
            List<Verdict> verdicts,
            String combination,
            @Nullable ExpiryReason reason,
            String detail) {
        /** @param outcome null if it is still open */
        static Ruling of(@Nullable RewardOutcome outcome, String combination) {
            if (outcome instanceof RewardOutcome.Rewarded rewarded) {
                return rewarded(rewarded.reward(), rewarded.verdicts(), combination);
            }
            return outcome instanceof RewardOutcome.NotJudged not
                    ? new Ruling(null, List.of(not.because()), combination, not.reason(), not.detail())
                    : new Ruling(
                            null,
                            List.of(),
                            combination,
                            ExpiryReason.NO_VERDICT_IN_TIME,
                            "its reward needs an external verifier, which a replay cannot call");
        }

        private static Ruling rewarded(double reward, List<Verdict> verdicts, String combination) {
            return new Ruling(reward, verdicts, combination, null, "");
        }
    }

    private final @Nullable OfflineRewards rewards;
    private final Clock clock;
    private final boolean twice;
    private final Map<String, Ruling> known = new HashMap<>();

    /**
     * @param rewards judge again; null if the recorded verdicts are used
     * @param twice whether each rollout is judged for both policy and critic, which use one ruling
     */
    ReplayJudge(@Nullable OfflineRewards rewards, boolean twice, Clock clock) {
        this.rewards = rewards;
        this.twice = twice;
        this.clock = clock;
    }

    /** Whether verifiers judge again. */
    boolean judgesAgain() {
        return rewards != null;
    }

    /** The rulings on rollouts, in their order. */
    List<Ruling> rulings(List<ReplayedRollout> rollouts) {
        OfflineRewards judges = rewards;
        if (judges == null) {
            return rollouts.stream().map(ReplayJudge::recorded).toList();
        }
        List<Rollout> unknown = rollouts.stream()
                .map(ReplayedRollout::rollout)
                .filter(rollout -> !known.containsKey(rollout.getRolloutId()))
                .toList();
        List<@Nullable RewardOutcome> outcomes = judges.outcomes(unknown, clock.instant());
        for (int i = 0; i < unknown.size(); i++) {
            Rollout rollout = unknown.get(i);
            known.put(rollout.getRolloutId(), Ruling.of(outcomes.get(i), judges.combination(rollout.getDataset())));
        }
        List<Ruling> rulings = rollouts.stream()
                .map(rollout -> requireNonNull(known.get(rollout.rolloutId())))
                .toList();
        Set<String> askedNow =
                twice ? unknown.stream().map(Rollout::getRolloutId).collect(Collectors.toSet()) : Set.of();
        rollouts.stream()
                .map(ReplayedRollout::rolloutId)
                .filter(id -> !askedNow.contains(id))
                .forEach(known::remove);
        return rulings;
    }

    private static Ruling recorded(ReplayedRollout rollout) {
        if (rollout.ruling() != null) {
            return rollout.ruling();
        }
        TrainingSample sample = requireNonNull(rollout.sample(), "without judging again, only samples are replayed");
        return Ruling.rewarded(sample.getReward(), verdicts(sample), sample.getCombination());
    }

    /** The verdicts that a sample's reward follows from. */
    static List<Verdict> verdicts(TrainingSample sample) {
        List<Verdict> verdicts = new ArrayList<>(sample.getFurtherVerdicts());
        verdicts.add(0, sample.getVerdict());
        return verdicts;
    }
}
