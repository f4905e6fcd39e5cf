package io.sppostream.history.replay;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Compares a replay with its source, sample by sample. Not thread-safe. */
final class ReplayComparison {
    private final List<RewardFlip> flips = new ArrayList<>();
    private final NumericDifference.Accumulator values = new NumericDifference.Accumulator();
    private final NumericDifference.Accumulator advantages = new NumericDifference.Accumulator();
    private final SortedMap<String, Long> untrained = new TreeMap<>();
    private long verdicts;
    private long untrainedRewarded;

    /** Compares the recorded reward of a sample with the one of the replay. */
    void verdict(TrainingSample before, ReplayJudge.Ruling after) {
        compare(before.getRollout(), before.getVerdict().getStatus().toString(), before.getReward(), after);
    }

    /** Compares the recorded outcome of a rollout that was not trained with the replay's reward. */
    void verdict(Rollout rollout, UntrainedRollouts.RecordedOutcome before, ReplayJudge.Ruling after) {
        untrained.merge(before.reason(), 1L, Long::sum);
        untrainedRewarded += after.reward() == null ? 0 : 1;
        compare(rollout, before.status() == null ? before.reason() : before.status(), before.reward(), after);
    }

    private void compare(Rollout rollout, String before, @Nullable Double rewardBefore, ReplayJudge.Ruling after) {
        verdicts++;
        if (!Objects.equals(after.reward(), rewardBefore)) {
            flips.add(new RewardFlip(
                    rollout.getRolloutId(),
                    rollout.getReference(),
                    rollout.getText(),
                    before,
                    rewardBefore,
                    after.verdicts().isEmpty()
                            ? "none"
                            : after.verdicts().get(0).getStatus().toString(),
                    after.reward()));
        }
    }

    void value(Value before, Value after) {
        values.add(before.getProbability(), after.getProbability());
    }

    /** Compares the advantages of a response; once for each run of tokens over which neither changes. */
    void advantages(List<AdvantageSegment> before, List<AdvantageSegment> after) {
        int b = 0;
        int a = 0;
        while (b < before.size() && a < after.size()) {
            advantages.add(before.get(b).getAdvantage(), after.get(a).getAdvantage());
            int end = Math.min(before.get(b).getEndToken(), after.get(a).getEndToken());
            b += before.get(b).getEndToken() == end ? 1 : 0;
            a += after.get(a).getEndToken() == end ? 1 : 0;
        }
    }

    /** Judged rollouts that the source had not trained on, by the reason. */
    SortedMap<String, Long> untrained() {
        return untrained;
    }

    /** How many of these have a reward now. */
    long untrainedRewarded() {
        return untrainedRewarded;
    }

    long verdicts() {
        return verdicts;
    }

    List<RewardFlip> flips() {
        return flips;
    }

    NumericDifference values() {
        return values.result();
    }

    NumericDifference advantages() {
        return advantages.result();
    }
}
