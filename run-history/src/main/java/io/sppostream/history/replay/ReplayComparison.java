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

/** What differs between a replay and what it replays, sample by sample. For one thread. */
final class ReplayComparison {

    /**
     * A rollout that is rewarded otherwise, or no longer, or only now.
     *
     * @param reference the reference answer
     * @param text the response
     * @param before the recorded verdict's status; of one that was not rewarded, why it was not trained
     * @param rewardBefore null where there was none
     * @param after the replay's verdict's status, or {@code none}
     * @param rewardAfter null where it is not judged
     */
    record Flip(
            String rolloutId,
            String reference,
            String text,
            String before,
            @Nullable Double rewardBefore,
            String after,
            @Nullable Double rewardAfter) {}

    /** Numbers that were computed twice. */
    static final class Numbers {
        private long count;
        private long different;
        private double sum;
        private double max;

        private void add(double before, double after) {
            count++;
            if (Double.compare(before, after) != 0) {
                double difference = Math.abs(after - before);
                different++;
                sum += difference;
                max = Math.max(max, difference);
            }
        }

        /** How many were compared. */
        long count() {
            return count;
        }

        /** How many are not the same, to the bit. */
        long different() {
            return different;
        }

        /** Mean of the absolute difference, over all. */
        double mean() {
            return count == 0 ? 0 : sum / count;
        }

        /** The greatest absolute difference. */
        double max() {
            return max;
        }
    }

    private final List<Flip> flips = new ArrayList<>();
    private final Numbers values = new Numbers();
    private final Numbers advantages = new Numbers();
    private final SortedMap<String, Long> untrained = new TreeMap<>();
    private long verdicts;
    private long untrainedRewarded;

    /** Compares what a rollout was rewarded by with what it is rewarded by now. */
    void verdict(TrainingSample before, ReplayJudge.Ruling after) {
        compare(before.getRollout(), before.getVerdict().getStatus().toString(), before.getReward(), after);
    }

    /** Compares what became of a rollout that was not trained with what it is rewarded by now. */
    void verdict(Rollout rollout, Untrained.Was before, ReplayJudge.Ruling after) {
        untrained.merge(before.reason(), 1L, Long::sum);
        untrainedRewarded += after.reward() == null ? 0 : 1;
        compare(rollout, before.status() == null ? before.reason() : before.status(), before.reward(), after);
    }

    private void compare(Rollout rollout, String before, @Nullable Double rewardBefore, ReplayJudge.Ruling after) {
        verdicts++;
        if (!Objects.equals(after.reward(), rewardBefore)) {
            flips.add(new Flip(
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

    /** Compares the advantages of a response token by token, where they change. */
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

    /** How many rollouts that the source had not trained were judged, by why it had not. */
    SortedMap<String, Long> untrained() {
        return untrained;
    }

    /** How many of these are rewarded. */
    long untrainedRewarded() {
        return untrainedRewarded;
    }

    long verdicts() {
        return verdicts;
    }

    List<Flip> flips() {
        return flips;
    }

    Numbers values() {
        return values;
    }

    Numbers advantages() {
        return advantages;
    }
}
