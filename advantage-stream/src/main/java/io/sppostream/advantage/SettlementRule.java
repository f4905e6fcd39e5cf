package io.sppostream.advantage;

import static java.util.stream.Collectors.toSet;

import io.sppostream.advantage.GroupCredits.Credited;
import io.sppostream.advantage.GroupCredits.Judged;
import io.sppostream.advantage.RequestState.PendingRollout;
import io.sppostream.advantage.RewardOutcome.NotJudged;
import io.sppostream.advantage.RewardOutcome.Rewarded;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.CriticKind;
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

    SettlementRule(JoinSettings settings) {
        this.settings = settings;
        this.rewarding = settings.rewards().verifiers();
        this.critic = settings.estimator().needs().critic();
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
                        not.because().getStatus() == VerdictStatus.UNPARSEABLE_REFERENCE)
                : null;
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
        int rewarded = 0;
        for (PendingRollout rollout : request.pending()) {
            if (rollout.dataset() != null) {
                if (!(outcome(rollout) instanceof Rewarded) || isValueMissing(rollout)) {
                    return false;
                }
                rewarded++;
            }
        }
        return rewarded > 0 && rewarded + request.settledCount() >= request.samples();
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
        List<Member> members = members(request, rollouts);
        int others = request.samples() - members.size();
        return settle(
                request,
                members,
                ExpiryReason.NOT_JUDGED,
                () -> others > 0
                        ? others + " of the " + request.samples() + " rollouts of the group have no reward"
                        : "the group has " + members.size() + " of the "
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

    /** The rollouts that have arrived and have a reward and, for a critic of tokens, their values; by id. */
    private List<Member> members(RequestState request, Function<String, Rollout> rollouts) {
        List<Member> members = new ArrayList<>(request.samples());
        for (String id : request.arrived()) {
            PendingRollout pending = request.find(id);
            if (pending != null && outcome(pending) instanceof Rewarded rewarded && !isValueMissing(pending)) {
                members.add(new Member(rollouts.apply(id), rewarded, pending.value()));
            }
        }
        return members;
    }

    /**
     * Credits a group, or expires it.
     *
     * @param reason why its members expire if it cannot be credited as it is
     */
    private List<Settlement> settle(
            RequestState request, List<Member> members, ExpiryReason reason, Supplier<String> detail, Instant now) {
        if (members.isEmpty()) {
            return List.of();
        }
        AdvantageEstimator estimator = settings.estimator();
        try {
            if (!isValueMissing(request)) {
                Group group = group(request, members);
                boolean isWhole = members.size() == request.samples();
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

    private Group group(RequestState request, List<Member> members) {
        Value value = request.value();
        return GroupCredits.group(
                settings.estimator().needs(),
                request.id(),
                critic == CriticKind.PROMPT && value != null ? (Double) value.getProbability() : null,
                members.stream()
                        .map(member -> new Judged(
                                member.rollout(),
                                member.rewarded().reward(),
                                member.tokenValues() == null
                                        ? null
                                        : member.tokenValues().getTokenValues()))
                        .toList());
    }

    private List<Settlement> credited(
            RequestState request, List<Member> members, Map<String, Credited> credits, Instant now) {
        // An estimator of single samples credits each by itself, also if a prompt from outside wants several: a learner
        // need not keep them together.
        int groupSamples = settings.estimator().needs().samples() == 1 ? 1 : credits.size();
        Set<String> rejected = credits.values().stream()
                .flatMap(credit -> credit.rejected().stream())
                .map(RejectedRollout::getRolloutId)
                .collect(toSet());
        List<Settlement> settlements = new ArrayList<>(members.size());
        for (Member member : members) {
            Credited credit = credits.get(member.id());
            settlements.add(
                    credit == null
                            ? notTrained(
                                    request,
                                    member,
                                    ExpiryReason.EVIDENCE,
                                    withoutCredit(rejected.contains(member.id())),
                                    now)
                            : new Settlement.Trained(sample(request, member, credit, groupSamples, now)));
        }
        return settlements;
    }

    private String withoutCredit(boolean isRejected) {
        return isRejected
                ? "judged, and rejected in a pair of " + settings.estimator().name()
                : "judged, and given no credit by " + settings.estimator().name();
    }

    private static List<Settlement> notTrained(
            RequestState request, List<Member> members, ExpiryReason reason, String detail, Instant now) {
        List<Settlement> settlements = new ArrayList<>(members.size());
        members.forEach(member -> settlements.add(notTrained(request, member, reason, detail, now)));
        return settlements;
    }

    private static Settlement notTrained(
            RequestState request, Member member, ExpiryReason reason, String detail, Instant now) {
        return new Settlement.NotTrained(expired(request, member.id(), reason, detail, now), false);
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
        boolean settledElsewhere = request.samples() == 0 && request.isAnySettled();
        return Math.max(request.lastProgress(), startedAt)
                + (settledElsewhere ? settings.remember() : settings.patience()).toMillis();
    }

    /**
     * Whether nothing follows from an overdue request, so that it is discarded. It may be one that settled so long ago
     * that the join has forgotten it, if nothing but late verdicts and a late value has arrived. A value that arrives
     * while its prompt is younger than {@code remember} proves that the request is new.
     */
    boolean isInconsequential(RequestState request) {
        if (request.samples() > 0) {
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
     * expire. The others are credited as a
     * partial group, or expire too.
     *
     * @param rollouts those that have arrived, by id
     */
    List<Settlement> settleOverdue(RequestState request, Function<String, Rollout> rollouts, Instant now) {
        List<Settlement> settlements = new ArrayList<>();
        ExpiryReason missing = null;
        for (int sample = 0; sample < request.samples(); sample++) {
            String rolloutId = RolloutIds.of(request.id(), sample);
            ExpiryReason reason = request.isSettled(rolloutId) ? null : missing(request.find(rolloutId));
            if (reason != null) {
                missing = missing == null ? reason : missing;
                settlements.add(new Settlement.NotTrained(expired(request, rolloutId, reason, overdue(), now), false));
            }
        }
        List<Member> members = members(request, rollouts);
        ExpiryReason reason = missing == null || isValueMissing(request) ? ExpiryReason.NO_VALUE_IN_TIME : missing;
        settlements.addAll(settle(
                request,
                members,
                reason,
                () -> request.samples() == 1
                        ? overdue()
                        : overdue() + ": the group has " + members.size() + " of " + request.samples() + " rewards",
                now));
        return settlements;
    }

    /** What an overdue rollout lacks; null if nothing. */
    private @Nullable ExpiryReason missing(@Nullable PendingRollout rollout) {
        if (rollout == null || rollout.dataset() == null) {
            return ExpiryReason.NO_ROLLOUT_IN_TIME;
        }
        if (!(outcome(rollout) instanceof Rewarded)) {
            return ExpiryReason.NO_VERDICT_IN_TIME;
        }
        return isValueMissing(rollout) ? ExpiryReason.NO_VALUE_IN_TIME : null;
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
                now);
    }

    private static Expired expired(
            RequestState request, @Nullable String rolloutId, ExpiryReason reason, String detail, Instant now) {
        return new Expired(request.id(), rolloutId, reason, detail, RoleName.ADVANTAGE_STREAM, now);
    }
}
