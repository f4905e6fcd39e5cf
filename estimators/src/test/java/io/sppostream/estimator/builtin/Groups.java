package io.sppostream.estimator.builtin;

import io.sppostream.estimator.Credit;
import io.sppostream.estimator.Evidence;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.GroupRollout.Origin;
import io.sppostream.estimator.TokenText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Groups for tests: responses to the prompt {@code g} with tokens that no two of them share. */
final class Groups {
    static final String ID = "g";

    private Groups() {}

    /** The first sample with an index; its log-probs are all of probability a half. */
    static GroupRollout rollout(int index, int tokens, @Nullable Double reward) {
        float[] logProbs = new float[tokens];
        Arrays.fill(logProbs, (float) Math.log(0.5));
        return rollout(index, logProbs, reward);
    }

    static GroupRollout rollout(int index, float[] logProbs, @Nullable Double reward) {
        int[] tokens = new int[logProbs.length];
        Arrays.setAll(tokens, t -> 1000 * (index + 1) + t);
        return new GroupRollout(
                ID + "/" + index, Origin.ofPrompt(ID, index), tokens, logProbs, null, null, false, reward);
    }

    static GroupRollout withValues(GroupRollout rollout, double... values) {
        return new GroupRollout(
                rollout.id(),
                rollout.origin(),
                rollout.tokens(),
                rollout.logProbs(),
                values,
                rollout.text(),
                rollout.cut(),
                rollout.reward());
    }

    static GroupRollout withText(GroupRollout rollout, TokenText text) {
        return new GroupRollout(
                rollout.id(),
                rollout.origin(),
                rollout.tokens(),
                rollout.logProbs(),
                rollout.values(),
                text,
                rollout.cut(),
                rollout.reward());
    }

    /** Responses of three tokens with these rewards. */
    static Group ofRewards(double... rewards) {
        List<GroupRollout> rollouts = new ArrayList<>();
        for (int i = 0; i < rewards.length; i++) {
            rollouts.add(rollout(i, 3, rewards[i]));
        }
        return of(rollouts);
    }

    static Group of(List<GroupRollout> rollouts) {
        return new Group(ID, null, rollouts, List.of());
    }

    static Group of(GroupRollout... rollouts) {
        return of(List.of(rollouts));
    }

    static Group with(Group group, List<Evidence> evidence) {
        return new Group(group.id(), group.promptValue(), group.rollouts(), evidence);
    }

    /** Evidence of a request with these rewards. */
    static List<Evidence> evidence(String requestId, double... rewards) {
        List<Evidence> all = new ArrayList<>();
        for (int i = 0; i < rewards.length; i++) {
            all.add(new Evidence(requestId + "/" + i, requestId, i, rewards[i]));
        }
        return all;
    }

    /** The advantage of each credit, which all its tokens have. */
    static double[] uniform(List<Credit> credits) {
        return credits.stream()
                .mapToDouble(credit -> {
                    if (credit.advantages().count() != 1) {
                        throw new AssertionError(credit + " has several segments");
                    }
                    return credit.advantages().advantage(0);
                })
                .toArray();
    }
}
