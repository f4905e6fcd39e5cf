package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.GroupCredits;
import io.sppostream.advantage.GroupCredits.Credited;
import io.sppostream.advantage.GroupCredits.Judged;
import io.sppostream.advantage.JoinSettings;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.MissingInputException;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.BoundedText;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.history.replay.ReplayJudge.Ruling;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Credits recorded groups by the estimator of a replay, as the join does it.
 *
 * @param join the estimator, and whether it credits partial groups
 */
record ReplayCredits(JoinSettings join, Clock clock) {

    /**
     * A training sample.
     *
     * @param before the recorded one of its rollout; null if there is none
     */
    record Trained(@Nullable TrainingSample before, TrainingSample sample) {}

    /** What becomes of the rollouts of a group. */
    record Outcome(List<Trained> trained, List<Expired> expired) {}

    private record Member(ReplayedRollout rollout, Ruling ruling) {}

    private AdvantageEstimator estimator() {
        return join.estimator();
    }

    /** Units of a step that the samples of a group make. */
    long units(int samples) {
        return estimator().needs().samples() == 1 ? samples : Math.min(1, samples);
    }

    /** The recorded value of a group's prompt; null if there is none, or the estimator reads no values of prompts. */
    @Nullable
    Value value(List<ReplayedRollout> group, UntrainedRollouts untrained) {
        if (estimator().needs().critic() != CriticKind.PROMPT) {
            return null;
        }
        return group.stream()
                .map(ReplayedRollout::sample)
                .filter(sample -> sample != null && sample.getValue() != null)
                .map(sample -> requireNonNull(requireNonNull(sample).getValue()))
                .findFirst()
                .orElseGet(() -> untrained.value(group.get(0).requestId()));
    }

    /**
     * The recorded value that a rollout is credited with: that of its prompt or, for a critic of tokens, its own.
     *
     * @param ofPrompt the value of its group's prompt
     */
    @Nullable
    Value value(ReplayedRollout rollout, @Nullable Value ofPrompt) {
        TrainingSample sample = rollout.sample();
        return estimator().needs().critic() == CriticKind.TOKEN
                ? (sample == null ? null : sample.getValue())
                : ofPrompt;
    }

    /**
     * Credits a group, or expires it.
     *
     * @param group rollouts of one request
     * @param rulings on each of them
     */
    Outcome of(List<ReplayedRollout> group, List<Ruling> rulings, @Nullable Value value) {
        Outcome outcome = new Outcome(new ArrayList<>(), new ArrayList<>());
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < group.size(); i++) {
            Ruling ruling = rulings.get(i);
            if (ruling.reward() == null) {
                outcome.expired().add(expired(group.get(i), requireNonNull(ruling.reason()), ruling.detail()));
            } else if (reads(group.get(i).rollout())) {
                members.add(new Member(group.get(i), ruling));
            } else {
                outcome.expired().add(expired(group.get(i), ExpiryReason.EVIDENCE, unread()));
            }
        }
        if (!members.isEmpty()) {
            credit(members, value, outcome);
        }
        return outcome;
    }

    /** Whether a rollout is part of the estimator's groups; those of the follow-ups of another one are not. */
    private boolean reads(Rollout rollout) {
        return estimator().needs().followUps() || rollout.getPurpose() == RequestPurpose.TRAIN;
    }

    private String unread() {
        return estimator().name() + " reads no rollouts of follow-ups";
    }

    private void credit(List<Member> members, @Nullable Value value, Outcome outcome) {
        Rollout first = members.get(0).rollout().rollout();
        ExpiryReason reason = ExpiryReason.NOT_JUDGED;
        String detail = "the group has " + members.size() + " of " + first.getSamples() + " rewards";
        Map<String, Credited> credits = Map.of();
        try {
            Group group = GroupCredits.group(
                    estimator().needs(),
                    first.getRequestId(),
                    value == null ? null : (Double) value.getProbability(),
                    members.stream().map(member -> judged(member, value)).toList());
            boolean isWhole = members.size() >= first.getSamples();
            if (GroupCredits.isCreditable(estimator(), group, isWhole, join.partial())) {
                credits = GroupCredits.credit(estimator(), group);
                reason = ExpiryReason.EVIDENCE;
                detail = "judged, and given no credit by " + estimator().name();
            }
        } catch (MissingInputException | IllegalArgumentException e) {
            reason = ExpiryReason.INVALID_ROLLOUT;
            detail = BoundedText.of(estimator().name() + ": " + e.getMessage(), BoundedText.REASON);
        }
        int groupSamples = GroupCredits.groupSamples(estimator(), credits.keySet());
        for (Member member : members) {
            ReplayedRollout rollout = member.rollout();
            Credited credit = credits.get(rollout.rolloutId());
            if (credit == null) {
                outcome.expired().add(expired(rollout, reason, detail));
            } else {
                outcome.trained()
                        .add(new Trained(
                                rollout.sample(),
                                sample(rollout, member.ruling(), value(rollout, value), credit, groupSamples)));
            }
        }
    }

    private Judged judged(Member member, @Nullable Value ofPrompt) {
        Value value = value(member.rollout(), ofPrompt);
        return new Judged(
                member.rollout().rollout(),
                requireNonNull(member.ruling().reward()),
                value == null ? null : value.getTokenValues());
    }

    private TrainingSample sample(
            ReplayedRollout rollout, Ruling ruling, @Nullable Value value, Credited credit, int groupSamples) {
        return new TrainingSample(
                rollout.rollout(),
                ruling.verdicts().get(0),
                value,
                requireNonNull(ruling.reward()),
                estimator().name(),
                credit.segments(),
                clock.instant(),
                ruling.combination(),
                ruling.verdicts().subList(1, ruling.verdicts().size()),
                groupSamples,
                credit.rejected());
    }

    private Expired expired(ReplayedRollout rollout, ExpiryReason reason, String detail) {
        return new Expired(
                rollout.requestId(), rollout.rolloutId(), reason, detail, RoleName.REPLAY, clock.instant(), 0);
    }
}
