package io.sppostream.advantage;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.Evidence;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.GroupRollout.Origin;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.Segments;
import io.sppostream.estimator.TokenText;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.RejectedRollout;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.RolloutParent;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
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

    /** Whether rollouts of that purpose only serve to estimate the advantages of others. */
    public static boolean isEvidence(RequestPurpose purpose) {
        return purpose == RequestPurpose.BASELINE || purpose == RequestPurpose.PREFIX_VALUE;
    }

    /**
     * The follow-ups that an estimator asks for, as far as the rollouts of a request tell.
     *
     * @param rollouts first samples and branches, in any order; a branch is ignored unless its parent is among them
     * @throws io.sppostream.estimator.MissingInputException if the estimator misses an input
     */
    public static List<FollowUp> plan(AdvantageEstimator estimator, String requestId, List<Rollout> rollouts) {
        Needs needs = estimator.needs();
        return needs.followUps()
                ? estimator.plan(new Group(
                        requestId,
                        null,
                        connected(rollouts, rollout -> rollout).stream()
                                .map(rollout -> groupRollout(needs, rollout, null, null))
                                .toList(),
                        List.of()))
                : List.of();
    }

    /**
     * The members without branches whose parent, or a parent of that, is not among them.
     *
     * @param members first samples, evidence and branches
     */
    static <T> List<T> connected(List<T> members, Function<T, Rollout> rollout) {
        List<T> connected = members;
        int before;
        do {
            before = connected.size();
            Set<String> ids = new HashSet<>();
            connected.forEach(member -> ids.add(rollout.apply(member).getRolloutId()));
            connected = connected.stream()
                    .filter(member -> isConnected(rollout.apply(member), ids))
                    .toList();
        } while (connected.size() < before);
        return connected;
    }

    private static boolean isConnected(Rollout rollout, Set<String> ids) {
        RolloutParent parent = rollout.getParent();
        return rollout.getPurpose() != RequestPurpose.BRANCH || parent == null || ids.contains(parent.getRolloutId());
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
     * @param judged rollouts of the request and of its follow-ups, in any order; a branch is ignored unless its parent is
     *     among them
     */
    public static Group group(Needs needs, String requestId, @Nullable Double promptValue, List<Judged> judged) {
        return group(needs, requestId, promptValue, judged, List.of());
    }

    /**
     * The group of a request, some evidence of which is known by its rewards only.
     *
     * @param judged the other rollouts
     */
    static Group group(
            Needs needs, String requestId, @Nullable Double promptValue, List<Judged> judged, List<Evidence> rewards) {
        boolean followUps = needs.followUps();
        List<Judged> members = followUps ? connected(judged, Judged::rollout) : judged;
        List<GroupRollout> rollouts = new ArrayList<>(members.size());
        List<Evidence> evidence = new ArrayList<>(rewards);
        for (Judged each : members) {
            Rollout rollout = each.rollout();
            if (isEvidence(rollout.getPurpose())) {
                evidence.add(
                        new Evidence(rollout.getRolloutId(), asked(rollout), rollout.getSampleIndex(), each.reward()));
            } else {
                rollouts.add(groupRollout(needs, rollout, each.tokenValues(), each.reward()));
            }
        }
        return new Group(requestId, promptValue, rollouts, evidence);
    }

    private static GroupRollout groupRollout(
            Needs needs, Rollout rollout, @Nullable List<Float> tokenValues, @Nullable Double reward) {
        List<Integer> starts = needs.tokenText() ? rollout.getTokenStarts() : null;
        return new GroupRollout(
                rollout.getRolloutId(),
                origin(rollout),
                IntList.asArray(rollout.getResponseTokens()),
                needs.logProbs() ? FloatList.asArray(rollout.getBehaviourLogProbs()) : null,
                needs.critic() == CriticKind.TOKEN && tokenValues != null ? FloatList.toDoubles(tokenValues) : null,
                starts == null ? null : new TokenText(rollout.getText(), IntList.asArray(starts)),
                needs.followUps() && rollout.getCut(),
                reward);
    }

    private static Origin origin(Rollout rollout) {
        RolloutParent parent = rollout.getPurpose() == RequestPurpose.BRANCH ? rollout.getParent() : null;
        return parent == null
                ? Origin.ofPrompt(rollout.getRequestId(), rollout.getSampleIndex())
                : new Origin(asked(rollout), rollout.getSampleIndex(), parent.getRolloutId(), parent.getToken());
    }

    /** The request, or the follow-up, that asked for a rollout. */
    private static String asked(Rollout rollout) {
        String followUp = RolloutIds.followUpId(rollout.getRolloutId());
        return followUp == null ? rollout.getRequestId() : followUp;
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

    /**
     * The samples of a group that a learner must keep together. An estimator of single samples credits each by itself, also
     * if a prompt from outside wants several.
     *
     * @param credited ids of the rollouts with a credit
     */
    public static int groupSamples(AdvantageEstimator estimator, Set<String> credited) {
        boolean together =
                estimator.needs().samples() > 1 || credited.stream().anyMatch(id -> RolloutIds.followUpId(id) != null);
        return together ? credited.size() : Math.min(1, credited.size());
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
