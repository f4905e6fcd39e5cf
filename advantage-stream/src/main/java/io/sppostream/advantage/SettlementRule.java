package io.sppostream.advantage;

import static java.util.stream.Collectors.toSet;

import io.sppostream.advantage.GroupCredits.Credited;
import io.sppostream.advantage.GroupCredits.Judged;
import io.sppostream.advantage.RequestState.PendingRollout;
import io.sppostream.advantage.RewardOutcome.NotJudged;
import io.sppostream.advantage.RewardOutcome.Rewarded;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.Evidence;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.MissingInputException;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.RejectedRollout;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.BoundedText;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutIds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when the rollouts of a request settle, and as what.
 *
 * <p>A rollout whose verdicts come to no reward expires at once. The others make a group, which settles as a whole: once
 * each has arrived and has its reward, and the values that the estimator asks for are there, the estimator credits them.
 * Those with a credit become training samples. The others are evidence: they expire with that reason.
 *
 * <p>When a first sample or a branch arrives, the estimator may plan follow-ups, and the group waits for their rollouts
 * too. Rollouts of follow-ups that nobody planned expire with the group.
 *
 * <p>If a rollout of the request has expired, or is still missing after the request has made no progress for {@code
 * patience}, the group is partial. It is credited if the settings allow it and the estimator can. Otherwise all of its
 * rollouts expire with a reason that names what is missing.
 *
 * <p>Rollouts make a request: verdicts and values of an unknown one wait for its rollouts and cause nothing by
 * themselves, except that a value shows that a request is new if its prompt is younger than what the join remembers. Pure
 * functions of a {@link RequestState}.
 */
final class SettlementRule {
    private final JoinSettings settings;
    private final Set<String> rewarding;
    private final CriticKind critic;
    private final boolean readsFollowUps;

    SettlementRule(JoinSettings settings) {
        this.settings = settings;
        this.rewarding = settings.rewards().verifiers();
        this.critic = settings.estimator().needs().critic();
        this.readsFollowUps = settings.estimator().needs().followUps();
    }

    /**
     * Whether an input can have an effect. Verdicts of shadows and of verifiers that reward nothing have none; nor have
     * values that the estimator does not read, and expiries that this role decided itself.
     */
    boolean isRelevant(JoinInput input) {
        if (input instanceof JoinInput.OfVerdict of) {
            return !of.verdict().getShadow() && rewarding.contains(of.verdict().getVerifier());
        } else if (input instanceof JoinInput.OfExpired of) {
            return !of.expired().getDecidedBy().equals(RoleName.ADVANTAGE_STREAM);
        }
        return !(input instanceof JoinInput.OfValue of)
                || critic == (of.value().getRolloutId() == null ? CriticKind.PROMPT : CriticKind.TOKEN);
    }

    /**
     * The settlement of the rollout that an input, which is already added to its request, shows to have no reward; null
     * if it shows none.
     */
    Settlement.@Nullable NotTrained notJudged(JoinInput input, RequestState request, Instant now) {
        String rolloutId = rolloutId(input);
        return rolloutId != null && outcome(request.find(rolloutId)) instanceof NotJudged not
                ? new Settlement.NotTrained(
                        expired(request, rolloutId, not.reason(), not.detail(), now),
                        not.because().getStatus() == VerdictStatus.UNPARSEABLE_REFERENCE
                                && !request.isEvidence(rolloutId))
                : null;
    }

    /** The reward of the rollout that an input belongs to, if that is evidence that is expected; else null. */
    @Nullable
    Double evidenceReward(JoinInput input, RequestState request) {
        String rolloutId = readsFollowUps ? rolloutId(input) : null;
        return rolloutId == null ? null : evidenceReward(request.find(rolloutId), request);
    }

    /** The reward of a rollout, if it is evidence that is expected; else null. */
    @Nullable
    Double evidenceReward(@Nullable PendingRollout rollout, RequestState request) {
        return rollout != null
                        && rollout.isEvidence()
                        && request.isExpected(rollout)
                        && outcome(rollout) instanceof Rewarded rewarded
                ? rewarded.reward()
                : null;
    }

    /**
     * The expiry of a rollout that has arrived, if no follow-up asks for it; null if one does or may do so yet. Rollouts
     * reach the log after the parent that their follow-up was planned for, but may be read before it.
     *
     * @param last whether no follow-up is planned any more
     */
    Settlement.@Nullable NotTrained uncalledFor(
            PendingRollout rollout, RequestState request, boolean last, Instant now) {
        if (rollout.dataset() == null || request.isExpected(rollout)) {
            return null;
        }
        String followUp = String.valueOf(RolloutIds.followUpId(rollout.id()));
        return last || !readsFollowUps || request.isPublished(followUp)
                ? new Settlement.NotTrained(
                        expired(
                                request,
                                rollout.id(),
                                ExpiryReason.INVALID_ROLLOUT,
                                settings.estimator().name() + " has not asked for it",
                                now),
                        false)
                : null;
    }

    /** Whether a rollout that has arrived may lead to follow-ups, since it may be trained on. */
    boolean mayPlan(PendingRollout rollout, RequestState request) {
        return readsFollowUps && !rollout.isEvidence() && request.isExpected(rollout);
    }

    /**
     * The follow-ups that the rollouts of a request ask for, published ones included. None if the estimator misses an
     * input: the group expires with that reason when it settles.
     *
     * @param rollouts those that have arrived, by id
     */
    List<FollowUp> plan(RequestState request, Function<String, Rollout> rollouts) {
        List<Rollout> members = new ArrayList<>();
        for (PendingRollout rollout : request.pending()) {
            if (rollout.dataset() != null && mayPlan(rollout, request)) {
                members.add(rollouts.apply(rollout.id()));
            }
        }
        try {
            return GroupCredits.plan(settings.estimator(), request.id(), members);
        } catch (MissingInputException | IllegalArgumentException e) {
            return List.of();
        }
    }

    private static @Nullable String rolloutId(JoinInput input) {
        if (input instanceof JoinInput.OfRollout of) {
            return of.rollout().getRolloutId();
        }
        return input instanceof JoinInput.OfVerdict of ? of.verdict().getRolloutId() : null;
    }

    /** What the verdicts on a rollout come to; null while it has not arrived or its outcome is open. */
    private @Nullable RewardOutcome outcome(@Nullable PendingRollout rollout) {
        return rollout == null || rollout.dataset() == null
                ? null
                : settings.rewards().of(rollout.dataset()).outcome(rollout.verdicts());
    }

    /** Whether the request waits for nothing more, so that its group settles now. */
    boolean isReady(RequestState request) {
        if (isValueMissing(request) || !request.mayBeKnown()) {
            return false;
        }
        int rewarded = request.evidenceCount();
        for (PendingRollout rollout : request.pending()) {
            if (rollout.dataset() != null && request.isExpected(rollout)) {
                if (!(outcome(rollout) instanceof Rewarded) || isValueMissing(rollout)) {
                    return false;
                }
                rewarded++;
            }
        }
        return rewarded > 0 && rewarded + request.settledCount() >= request.expected();
    }

    /** Whether the value of the prompt is missing. */
    private boolean isValueMissing(RequestState request) {
        return critic == CriticKind.PROMPT && request.value() == null;
    }

    /** Whether the values of a rollout's tokens are missing. */
    private boolean isValueMissing(PendingRollout rollout) {
        return critic == CriticKind.TOKEN && rollout.value() == null;
    }

    /**
     * What the rollouts of a group settle as that {@link #isReady}.
     *
     * @param rollouts those that have arrived, by id
     */
    List<Settlement> settle(RequestState request, Function<String, Rollout> rollouts, Instant now) {
        Members members = members(request, rollouts);
        int others = request.expected() - members.count();
        return settle(
                request,
                members,
                ExpiryReason.NOT_JUDGED,
                () -> others > 0
                        ? others + " of the " + request.expected() + " rollouts of the group have no reward"
                        : "the group has " + members.count() + " of the "
                                + settings.estimator().needs().samples() + " rollouts that "
                                + settings.estimator().name() + " asks for",
                now);
    }

    /** A rollout of a group, which has its reward. */
    private record Member(
            Rollout rollout, Rewarded rewarded, @Nullable Value tokenValues) {
        String id() {
            return rollout.getRolloutId();
        }
    }

    /**
     * The rollouts of a group that have their reward.
     *
     * @param credible first samples and branches
     * @param evidence of which the reward is known and nothing else
     * @param orphans branches whose parent has expired, so that they cannot be credited
     */
    private record Members(List<Member> credible, List<Evidence> evidence, List<Member> orphans) {
        int count() {
            return credible.size() + evidence.size();
        }
    }

    /** The rollouts that have arrived and have a reward and, for a critic of tokens, their values. */
    private Members members(RequestState request, Function<String, Rollout> rollouts) {
        List<Member> members = new ArrayList<>(request.samples());
        for (PendingRollout pending : request.pending()) {
            if (request.isExpected(pending)
                    && outcome(pending) instanceof Rewarded rewarded
                    && !isValueMissing(pending)) {
                members.add(new Member(rollouts.apply(pending.id()), rewarded, pending.value()));
            }
        }
        if (!readsFollowUps) {
            return new Members(members, List.of(), List.of());
        }
        List<Member> connected = GroupCredits.connected(members, Member::rollout);
        members.removeAll(connected);
        return new Members(connected, request.evidence(), members);
    }

    /**
     * Credits a group, or expires it.
     *
     * @param reason why its members expire if it cannot be credited as it is
     */
    private List<Settlement> settle(
            RequestState request, Members members, ExpiryReason reason, Supplier<String> detail, Instant now) {
        List<Settlement> settlements = new ArrayList<>();
        if (members.count() > 0) {
            settlements.addAll(settleMembers(request, members, reason, detail, now));
        }
        for (Member orphan : members.orphans()) {
            settlements.add(
                    notTrained(request, orphan.id(), ExpiryReason.NOT_JUDGED, "its parent has no reward", 0, now));
        }
        return settlements;
    }

    private List<Settlement> settleMembers(
            RequestState request, Members members, ExpiryReason reason, Supplier<String> detail, Instant now) {
        AdvantageEstimator estimator = settings.estimator();
        try {
            if (!isValueMissing(request)) {
                Group group = group(request, members);
                boolean isWhole = members.count() == request.expected();
                if (GroupCredits.isCreditable(estimator, group, isWhole, settings.partial())) {
                    return credited(request, members, GroupCredits.credit(estimator, group), now);
                }
            }
        } catch (MissingInputException | IllegalArgumentException e) {
            String message = BoundedText.of(estimator.name() + ": " + e.getMessage(), BoundedText.REASON);
            return notTrained(request, members, ExpiryReason.INVALID_ROLLOUT, message, now);
        }
        return notTrained(request, members, reason, detail.get(), now);
    }

    private Group group(RequestState request, Members members) {
        Value value = request.value();
        return GroupCredits.group(
                settings.estimator().needs(),
                request.id(),
                critic == CriticKind.PROMPT && value != null ? (Double) value.getProbability() : null,
                members.credible().stream()
                        .map(member -> new Judged(
                                member.rollout(),
                                member.rewarded().reward(),
                                member.tokenValues() == null
                                        ? null
                                        : member.tokenValues().getTokenValues()))
                        .toList(),
                members.evidence());
    }

    private List<Settlement> credited(
            RequestState request, Members members, Map<String, Credited> credits, Instant now) {
        int groupSamples = GroupCredits.groupSamples(settings.estimator(), credits.keySet());
        Set<String> rejected = credits.values().stream()
                .flatMap(credit -> credit.rejected().stream())
                .map(RejectedRollout::getRolloutId)
                .collect(toSet());
        List<Settlement> settlements = new ArrayList<>(members.count());
        for (Member member : members.credible()) {
            Credited credit = credits.get(member.id());
            settlements.add(
                    credit == null
                            ? evidence(request, member.id(), rejected.contains(member.id()), groupSamples, now)
                            : new Settlement.Trained(sample(request, member, credit, groupSamples, now)));
        }
        members.evidence().forEach(one -> settlements.add(evidence(request, one.id(), false, groupSamples, now)));
        return settlements;
    }

    private Settlement evidence(
            RequestState request, String rolloutId, boolean isRejected, int groupSamples, Instant now) {
        String estimator = settings.estimator().name();
        String detail = isRejected
                ? "judged, and rejected in a pair of " + estimator
                : "judged, and given no credit by " + estimator;
        return notTrained(request, rolloutId, ExpiryReason.EVIDENCE, detail, groupSamples, now);
    }

    private static List<Settlement> notTrained(
            RequestState request, Members members, ExpiryReason reason, String detail, Instant now) {
        List<Settlement> settlements = new ArrayList<>(members.count());
        members.credible().forEach(each -> settlements.add(notTrained(request, each.id(), reason, detail, 0, now)));
        members.evidence().forEach(each -> settlements.add(notTrained(request, each.id(), reason, detail, 0, now)));
        return settlements;
    }

    private static Settlement notTrained(
            RequestState request, String rolloutId, ExpiryReason reason, String detail, int groupSamples, Instant now) {
        return new Settlement.NotTrained(expired(request, rolloutId, reason, detail, groupSamples, now), false);
    }

    private TrainingSample sample(RequestState request, Member member, Credited credit, int groupSamples, Instant now) {
        List<Verdict> verdicts = member.rewarded().verdicts();
        return new TrainingSample(
                member.rollout(),
                verdicts.get(0),
                critic == CriticKind.PROMPT ? request.value() : member.tokenValues(),
                member.rewarded().reward(),
                settings.estimator().name(),
                credit.segments(),
                now,
                settings.rewards().of(member.rollout().getDataset()).id(),
                verdicts.subList(1, verdicts.size()),
                groupSamples,
                credit.rejected());
    }

    /**
     * When a request is overdue if it makes no more progress, in milliseconds since the epoch. If another role has
     * expired one of its rollouts and none has arrived, that is when it is forgotten.
     *
     * @param startedAt when the join started: the missing records may have been on the log, unread, before
     */
    long overdueAt(RequestState request, long startedAt) {
        return Math.max(request.lastProgress(), startedAt)
                + (request.isKnownByExpiriesOnly() ? settings.remember() : settings.patience()).toMillis();
    }

    /**
     * Whether nothing follows from an overdue request, so that it is discarded. It may be one that settled so long ago
     * that the join has forgotten it, if nothing but late verdicts and a late value has arrived. A value that arrives
     * while its prompt is younger than {@code remember} proves that the request is new.
     */
    boolean isInconsequential(RequestState request) {
        if (request.samples() > 0 || request.hasAnyArrived()) {
            return false;
        }
        Instant releasedAt = request.value() == null ? null : request.value().getReleasedAt();
        return request.isAnySettled()
                || releasedAt == null
                || request.lastProgress()
                        >= releasedAt.plus(settings.remember()).toEpochMilli();
    }

    /** The expiry of an overdue request of which no rollout ever arrived; null if there is nothing to say about it. */
    @Nullable
    Expired expire(RequestState request, Instant now) {
        return request.samples() > 0 || isInconsequential(request)
                ? null
                : expired(request, null, ExpiryReason.NO_ROLLOUT_IN_TIME, overdue(), now);
    }

    /**
     * What the rollouts of an overdue request settle as. Those without a reward, or without the values of their tokens,
     * expire. The others are credited as a partial group, or expire too.
     *
     * @param rollouts those that have arrived, by id
     */
    List<Settlement> settleOverdue(RequestState request, Function<String, Rollout> rollouts, Instant now) {
        List<Settlement> settlements = new ArrayList<>();
        ExpiryReason missing = null;
        for (String rolloutId : request.open()) {
            ExpiryReason reason = missing(request, rolloutId);
            if (reason != null) {
                missing = missing == null ? reason : missing;
                settlements.add(new Settlement.NotTrained(expired(request, rolloutId, reason, overdue(), now), false));
            }
        }
        Members members = members(request, rollouts);
        ExpiryReason reason = missing == null || isValueMissing(request) ? ExpiryReason.NO_VALUE_IN_TIME : missing;
        settlements.addAll(settle(
                request,
                members,
                reason,
                () -> request.expected() == 1
                        ? overdue()
                        : overdue() + ": the group has " + members.count() + " of " + request.expected() + " rewards",
                now));
        return settlements;
    }

    /** What an overdue rollout lacks; null if nothing. */
    private @Nullable ExpiryReason missing(RequestState request, String rolloutId) {
        PendingRollout rollout = request.find(rolloutId);
        if (rollout == null || rollout.dataset() == null) {
            return ExpiryReason.NO_ROLLOUT_IN_TIME;
        }
        if (!request.isExpected(rollout) || !(outcome(rollout) instanceof Rewarded)) {
            return ExpiryReason.NO_VERDICT_IN_TIME;
        }
        return isValueMissing(rollout) ? ExpiryReason.NO_VALUE_IN_TIME : null;
    }

    /** What waits when the last rollout that is expected has settled: rollouts that no follow-up asks for. */
    List<Settlement> leftOver(RequestState request, Instant now) {
        List<Settlement> settlements = new ArrayList<>();
        for (PendingRollout rollout : request.pending()) {
            Settlement uncalledFor = uncalledFor(rollout, request, true, now);
            if (uncalledFor != null) {
                settlements.add(uncalledFor);
            }
        }
        return settlements;
    }

    private String overdue() {
        return "nothing new for " + settings.patience().toSeconds() + " s";
    }

    /** The expiry of a rollout that cannot be trained on. */
    Expired refuse(JoinInput.OfInvalidRollout invalid, Instant now) {
        return new Expired(
                PromptRules.boundedId(invalid.requestId()),
                PromptRules.boundedId(invalid.rollout().getRolloutId()),
                invalid.reason(),
                invalid.violation(),
                RoleName.ADVANTAGE_STREAM,
                now,
                0);
    }

    private static Expired expired(
            RequestState request, @Nullable String rolloutId, ExpiryReason reason, String detail, Instant now) {
        return expired(request, rolloutId, reason, detail, 0, now);
    }

    private static Expired expired(
            RequestState request,
            @Nullable String rolloutId,
            ExpiryReason reason,
            String detail,
            int groupSamples,
            Instant now) {
        return new Expired(request.id(), rolloutId, reason, detail, RoleName.ADVANTAGE_STREAM, now, groupSamples);
    }
}
