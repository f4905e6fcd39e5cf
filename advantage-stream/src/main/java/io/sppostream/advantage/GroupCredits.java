package io.sppostream.advantage;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.GroupRollout.Origin;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.Segments;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.RejectedRollout;
import io.sppostream.events.Rollout;
import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Groups of an {@link AdvantageEstimator} from records of the log, and its credits as such records. Pure functions. */
public final class GroupCredits {
    private GroupCredits() {}

    /**
     * A rollout with its reward.
     *
     * @param reward R in [0, 1]
     * @param tokenValues V before each token, shape [T]; null if there is no critic of tokens or they are not known
     */
    public record Judged(
            Rollout rollout, double reward, @Nullable List<Float> tokenValues) {
        /** A rollout without values of its tokens. */
        public Judged(Rollout rollout, double reward) {
            this(rollout, reward, null);
        }
    }

    /**
     * The credit of a rollout.
     *
     * @param segments advantages of its tokens
     * @param rejected the rollouts to which it is preferred
     */
    public record Credited(List<AdvantageSegment> segments, List<RejectedRollout> rejected) {}

    /**
     * The group of a request.
     *
     * @param needs the inputs that the estimator reads; the group has no others
     * @param promptValue V of the prompt, a probability; null if it is not known
     * @param judged first samples of the request, in any order
     */
    public static Group group(Needs needs, String requestId, @Nullable Double promptValue, List<Judged> judged) {
        List<GroupRollout> rollouts = new ArrayList<>(judged.size());
        for (Judged each : judged) {
            Rollout rollout = each.rollout();
            rollouts.add(new GroupRollout(
                    rollout.getRolloutId(),
                    Origin.ofPrompt(requestId, rollout.getSampleIndex()),
                    IntList.asArray(rollout.getResponseTokens()),
                    needs.logProbs() ? FloatList.asArray(rollout.getBehaviourLogProbs()) : null,
                    needs.critic() == CriticKind.TOKEN && each.tokenValues() != null
                            ? FloatList.toDoubles(each.tokenValues())
                            : null,
                    null,
                    false,
                    each.reward()));
        }
        return new Group(requestId, promptValue, rollouts, List.of());
    }

    /**
     * Whether a group is credited as it is.
     *
     * @param isWhole whether it has all rollouts of its request
     * @param partial whether a group that is not complete may be credited, if the estimator can
     * @throws io.sppostream.estimator.MissingInputException if the estimator misses an input
     */
    public static boolean isCreditable(AdvantageEstimator estimator, Group group, boolean isWhole, boolean partial) {
        return (isWhole && estimator.isComplete(group)) || (partial && estimator.canCreditPartial(group));
    }

    /**
     * The credits of rollouts by id, in the estimator's order.
     *
     * @throws io.sppostream.estimator.MissingInputException if the estimator misses an input
     * @throws IllegalArgumentException if its credits do not fit the group
     */
    public static Map<String, Credited> credit(AdvantageEstimator estimator, Group group) {
        Map<String, Credited> credits = new LinkedHashMap<>();
        for (Credit credit : estimator.credit(group)) {
            String id = credit.rolloutId();
            int tokens = group.rollout(id).length();
            if (credit.advantages().length() != tokens) {
                throw new IllegalArgumentException("the credit of rollout " + id + " has "
                        + credit.advantages().length() + " advantages for " + tokens + " tokens");
            }
            List<RejectedRollout> rejected = credit.rejected().stream()
                    .map(other -> new RejectedRollout(
                            other, IntList.of(group.rollout(other).tokens())))
                    .toList();
            if (credits.put(id, new Credited(segments(credit.advantages()), rejected)) != null) {
                throw new IllegalArgumentException("rollout " + id + " is credited twice");
            }
        }
        return credits;
    }

    private static List<AdvantageSegment> segments(Segments advantages) {
        List<AdvantageSegment> segments = new ArrayList<>(advantages.count());
        for (int run = 0; run < advantages.count(); run++) {
            segments.add(
                    new AdvantageSegment(advantages.end(run), advantages.advantage(run), advantages.isTrained(run)));
        }
        return segments;
    }
}
