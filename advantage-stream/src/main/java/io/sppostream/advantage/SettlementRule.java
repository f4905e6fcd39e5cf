package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.RequestState.PendingRollout;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutIds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a rollout settles, and as what. A rollout is complete when it has arrived and its verdicts come to a
 * reward and the request's value is there: it becomes a training sample. If its verdicts come to no reward, it expires
 * at once. What is incomplete after the request has made no progress for {@code patience} expires with the reason that
 * names what is missing. Rollouts make a request: verdicts and values of an unknown one wait for its rollouts and cause
 * nothing by themselves, except that a value shows that a request is new if its prompt is younger than what the join
 * remembers. Pure functions of a {@link RequestState}.
 */
final class SettlementRule {
    private final JoinSettings settings;
    private final Set<String> rewarding;

    SettlementRule(JoinSettings settings) {
        this.settings = settings;
        this.rewarding = settings.rewards().verifiers();
    }

    /**
     * Whether an input can have an effect. Verdicts of shadows and of verifiers that reward nothing have none; nor have
     * expiries that this role decided itself.
     */
    boolean isRelevant(JoinInput input) {
        if (input instanceof JoinInput.OfVerdict of) {
            return !of.verdict().getShadow() && rewarding.contains(of.verdict().getVerifier());
        } else if (input instanceof JoinInput.OfExpired of) {
            return !of.expired().getDecidedBy().equals(RoleName.ADVANTAGE_STREAM);
        }
        return true;
    }

    /** Ids of the rollouts, in order, that an input has completed, which is already added to its request: they settle now. */
    List<String> completedBy(JoinInput input, RequestState request) {
        if (input instanceof JoinInput.OfRollout of) {
            return ifComplete(of.rollout().getRolloutId(), request);
        } else if (input instanceof JoinInput.OfVerdict of) {
            return ifComplete(of.verdict().getRolloutId(), request);
        } else if (input instanceof JoinInput.OfValue) {
            return request.arrived().stream()
                    .filter(rolloutId -> isComplete(rolloutId, request))
                    .toList();
        }
        return List.of();
    }

    private List<String> ifComplete(String rolloutId, RequestState request) {
        return isComplete(rolloutId, request) ? List.of(rolloutId) : List.of();
    }

    private boolean isComplete(String rolloutId, RequestState request) {
        RewardOutcome outcome = outcome(request.find(rolloutId));
        return outcome instanceof RewardOutcome.NotJudged || (outcome != null && request.value() != null);
    }

    /** What the verdicts on a rollout come to; null while it has not arrived or its outcome is open. */
    private @Nullable RewardOutcome outcome(@Nullable PendingRollout rollout) {
        return rollout == null || rollout.dataset() == null
                ? null
                : settings.rewards().of(rollout.dataset()).outcome(rollout.verdicts());
    }

    /**
     * What a complete rollout settles as.
     *
     * @throws IllegalStateException if it is not complete
     */
    Settlement settle(RequestState request, Rollout rollout, Instant now) {
        RewardOutcome outcome = outcome(request.find(rollout.getRolloutId()));
        if (outcome instanceof RewardOutcome.Rewarded rewarded) {
            return new Settlement.Trained(sample(rollout, rewarded, requireNonNull(request.value()), now));
        } else if (outcome instanceof RewardOutcome.NotJudged notJudged) {
            return new Settlement.NotTrained(
                    expired(request, rollout.getRolloutId(), notJudged.reason(), notJudged.detail(), now),
                    notJudged.because().getStatus() == VerdictStatus.UNPARSEABLE_REFERENCE);
        }
        throw new IllegalStateException(rollout.getRolloutId() + " is not complete");
    }

    private TrainingSample sample(Rollout rollout, RewardOutcome.Rewarded rewarded, Value value, Instant now) {
        AdvantageEstimator estimator = settings.estimator();
        List<Verdict> verdicts = rewarded.verdicts();
        return new TrainingSample(
                rollout,
                verdicts.get(0),
                value,
                rewarded.reward(),
                estimator.name(),
                estimator.estimate(
                        rewarded.reward(),
                        value.getProbability(),
                        rollout.getResponseTokens().size()),
                now,
                settings.rewards().of(rollout.getDataset()).id(),
                verdicts.subList(1, verdicts.size()),
                1);
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

    /**
     * The expiries of an overdue request: one for each rollout that has not settled, or one for the whole request if no
     * rollout ever arrived. None if it {@link #isInconsequential}.
     */
    List<Expired> expire(RequestState request, Instant now) {
        if (isInconsequential(request)) {
            return List.of();
        }
        String detail = "nothing new for " + settings.patience().toSeconds() + " s";
        if (request.samples() == 0) {
            return List.of(expired(request, null, ExpiryReason.NO_ROLLOUT_IN_TIME, detail, now));
        }
        List<Expired> expired = new ArrayList<>();
        for (int sample = 0; sample < request.samples(); sample++) {
            String rolloutId = RolloutIds.of(request.id(), sample);
            if (!request.isSettled(rolloutId)) {
                expired.add(expired(request, rolloutId, missing(request, rolloutId), detail, now));
            }
        }
        return expired;
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

    private ExpiryReason missing(RequestState request, String rolloutId) {
        if (!request.hasArrived(rolloutId)) {
            return ExpiryReason.NO_ROLLOUT_IN_TIME;
        }
        return outcome(request.find(rolloutId)) == null
                ? ExpiryReason.NO_VERDICT_IN_TIME
                : ExpiryReason.NO_VALUE_IN_TIME;
    }

    private static Expired expired(
            RequestState request, @Nullable String rolloutId, ExpiryReason reason, String detail, Instant now) {
        return new Expired(request.id(), rolloutId, reason, detail, RoleName.ADVANTAGE_STREAM, now);
    }
}
