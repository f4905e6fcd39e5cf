package io.sppostream.learn.guard;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.BoundedText;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.batch.GroupBatch;
import io.sppostream.log.EventRecord;
import io.sppostream.log.loop.ExactlyOnceLog;
import java.time.Clock;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The hard cap on lag: samples of too old a policy go to the topic {@code expired} instead of into a batch, and so do
 * samples that the policy cannot train on. For one thread.
 */
public final class StaleSamples {
    private final ExactlyOnceLog log;
    private final Topics topics;
    private final int groups;
    private final int maxLag;
    private final CircuitBreakers breakers;
    private final Function<TrainingSample, @Nullable String> refusal;
    private final Clock clock;

    /**
     * @param groups in a step
     * @param maxLag published versions that a sample may lag behind; with {@code Integer.MAX_VALUE}, for recorded samples,
     *     it may also be ahead
     * @param refusal why the policy cannot train on a sample, in words; null if it can
     */
    public StaleSamples(
            ExactlyOnceLog log,
            Topics topics,
            int groups,
            int maxLag,
            CircuitBreakers breakers,
            Function<TrainingSample, @Nullable String> refusal,
            Clock clock) {
        this.log = log;
        this.topics = topics;
        this.groups = groups;
        this.maxLag = maxLag;
        this.breakers = breakers;
        this.refusal = refusal;
        this.clock = clock;
    }

    /** Published versions from the one that sampled a rollout's oldest token to a given version. */
    public static int lag(Rollout rollout, int version) {
        return version - rollout.getPolicySegments().get(0).getPolicyVersion();
    }

    /**
     * Takes the next batch, and expires the samples that are unusable for it: those of its groups, which commit with the
     * step, and all of groups that have no others. If these leave too few groups for a step, they commit on their own,
     * because the feed counts them to release new prompts.
     *
     * @param pending samples in order of arrival; what is taken or expired is removed from it
     * @param version the version that the next step trains from
     * @return the batch; empty if there are too few groups
     */
    public GroupBatch next(List<EventRecord<?>> pending, int version) {
        GroupBatch batch = GroupBatch.take(pending, groups, record -> isUnusable(record, version));
        for (EventRecord<?> record : batch.unusable()) {
            Expired expired = expired((TrainingSample) record.event(), version);
            log.sendWithCommit(topics.expired(), record.key(), expired);
            if (expired.getReason() == ExpiryReason.STALE) {
                breakers.taken(true);
            }
        }
        batch.samples().forEach(fresh -> breakers.taken(false));
        if (!batch.isFull() && !batch.unusable().isEmpty()) {
            log.commit(pending);
        }
        return batch;
    }

    /**
     * Expires the samples of groups that no step will train. They commit with the next step.
     *
     * @param replay how the samples of a group are spread over steps
     */
    public void expire(List<EventRecord<?>> samples, EdgeReplay replay) {
        for (EventRecord<?> record : samples) {
            TrainingSample sample = (TrainingSample) record.event();
            String detail =
                    "not drawn in " + replay.maxAge() + " steps of " + replay.perGroup() + " samples of its group each";
            log.sendWithCommit(topics.expired(), record.key(), expired(sample, ExpiryReason.STALE, detail));
        }
    }

    /** Whether a sample cannot be trained by a step that trains from a version. */
    public boolean isUnusable(EventRecord<?> record, int version) {
        TrainingSample sample = (TrainingSample) record.event();
        return violation(sample, version) != null || lag(sample.getRollout(), version) > maxLag;
    }

    private @Nullable String violation(TrainingSample sample, int version) {
        String violation = refusal.apply(sample);
        if (violation == null && maxLag < Integer.MAX_VALUE && lag(sample.getRollout(), version) < 0) {
            violation = "it is of a policy version that does not exist: it is " + -lag(sample.getRollout(), version)
                    + " ahead of the newest, " + version;
        }
        return violation;
    }

    private Expired expired(TrainingSample sample, int version) {
        Rollout rollout = sample.getRollout();
        String violation = violation(sample, version);
        return violation == null
                ? expired(
                        sample,
                        ExpiryReason.STALE,
                        "lags by " + lag(rollout, version) + " policy versions, " + maxLag + " at most are trained on")
                : expired(sample, ExpiryReason.INVALID_ROLLOUT, BoundedText.of(violation, BoundedText.REASON));
    }

    private Expired expired(TrainingSample sample, ExpiryReason reason, String detail) {
        return new Expired(
                sample.getRollout().getRequestId(),
                sample.getRollout().getRolloutId(),
                reason,
                detail,
                RoleName.POLICY_LEARNER,
                clock.instant(),
                sample.getGroupSamples());
    }
}
