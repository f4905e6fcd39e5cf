package io.sppostream.learn.guard;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.batch.GroupBatch;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.loop.ExactlyOnceLog;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Pauses and resumes the policy learner. When one of the {@link CircuitBreakers} trips, the switch writes the pause and
 * its reason to the log. It stays paused until a record on the same topic resumes it. The log holds the only copy of
 * the state, so a restarted learner is still paused. A paused learner trains and commits nothing, and untrained samples
 * stay on their topic. For one thread.
 */
public final class PauseSwitch implements AutoCloseable {
    private final ExactlyOnceLog log;
    private final Topics topics;
    private final CircuitBreakers breakers;
    private final Clock clock;
    private final EventReader follower;

    /** Rollouts that expired after the last step: their samples are read again, because no step has consumed them. */
    private final Set<String> expiredSinceStep = new HashSet<>();

    /** The last offset of an expired sample that was read again, by partition. */
    private final Map<Integer, Long> lastExpired = new HashMap<>();

    /** The ends of the advantages topic at the start of this learner. */
    private final Map<TopicPartition, Long> endsAtStart;

    private boolean caughtUp;
    private boolean paused;

    /**
     * Reads the learner's state, and which samples have expired since its last step.
     *
     * @param log the learner's loop; records of this switch commit with its next commit
     * @param lastStep publication time of the last version
     */
    public PauseSwitch(ExactlyOnceLog log, RunLog runLog, CircuitBreakers breakers, Instant lastStep, Clock clock) {
        this.log = log;
        this.topics = runLog.topics();
        this.breakers = breakers;
        this.clock = clock;
        List<Topic<? extends SpecificRecord>> read =
                List.of(runLog.topics().learnerStates(), runLog.topics().expired());
        this.follower = runLog.following(read);
        follower.seek(runLog.topics().expired(), lastStep);
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            // Other roles write to the topic expired too. Samples that this learner expired may lie behind the open
            // transaction of one of them, so this waits until it ends.
            readTo(admin.ends(IsolationLevel.READ_UNCOMMITTED, read), lastStep);
            endsAtStart = admin.ends(
                    IsolationLevel.READ_COMMITTED, List.of(runLog.topics().advantages()));
        }
    }

    private void readTo(Map<TopicPartition, Long> ends, Instant lastStep) {
        follower.pollTo(ends).forEach(record -> {
            take(record);
            if (record.event() instanceof Expired expired
                    && expired.getDecidedBy().equals(RoleName.POLICY_LEARNER)
                    && !expired.getExpiredAt().isBefore(lastStep)) {
                expiredSinceStep.add(expired.getRolloutId());
            }
        });
    }

    /** Polls for new records; returns whether the learner is paused. */
    public boolean isPaused() {
        follower.poll(Duration.ZERO).forEach(this::take);
        return paused;
    }

    private void take(EventRecord<?> record) {
        if (record.event() instanceof LearnerState state && state.getLine().equals(ModelKind.POLICY.id())) {
            paused = state.getStatus() == LearnerStatus.PAUSED;
            if (!paused) {
                breakers.reset();
            }
        } else if (record.event() instanceof Expired expired && expired.getReason() == ExpiryReason.INFRA_ERROR) {
            breakers.judged(true);
        }
    }

    /** Counts polled samples for the breakers; returns those that this role had not expired before a restart. */
    public List<EventRecord<?>> withoutExpired(List<EventRecord<?>> samples) {
        samples.forEach(sample -> breakers.judged(false));
        return expiredSinceStep.isEmpty()
                ? samples
                : samples.stream().filter(this::isNew).toList();
    }

    private boolean isNew(EventRecord<?> sample) {
        String id = ((TrainingSample) sample.event()).getRollout().getRolloutId();
        if (!expiredSinceStep.remove(id)) {
            return true;
        }
        lastExpired.merge(sample.partition(), sample.offset(), Math::max);
        return false;
    }

    /**
     * Whether all samples that expired before a restart have been read again. Until then there is no step. The first
     * step must consume them, because a learner that starts after a step does not look for samples that expired before
     * it. So this moves the pending samples that lie before an expired one to the front. Their groups are fewer than a
     * step has: samples expire without a step only when too few groups are left, and then whole groups do. For the same
     * reason, no expired sample lies behind the groups of a step in its partition, and a partition need not be read
     * further.
     *
     * @param groups in a step
     */
    public boolean hasCaughtUp(List<EventRecord<?>> pending, int groups) {
        if (!caughtUp && !expiredSinceStep.isEmpty()) {
            Map<TopicPartition, Long> reached = log.consumed(List.of());
            Map<Integer, Integer> fresh = GroupBatch.countByPartition(pending);
            boolean anyLeft = endsAtStart.entrySet().stream()
                    .anyMatch(end -> reached.getOrDefault(end.getKey(), 0L) < end.getValue()
                            && fresh.getOrDefault(end.getKey().partition(), 0) < groups);
            if (anyLeft) {
                return false;
            }
        }
        caughtUp = true;
        if (!lastExpired.isEmpty()) {
            pending.sort(Comparator.comparing(
                    sample -> sample.offset() > lastExpired.getOrDefault(sample.partition(), -1L)));
            lastExpired.clear();
        }
        return true;
    }

    /** Checks the metrics of a step before its commit, so that a pause commits with the step. */
    public void afterStep(int step, Map<String, Double> metrics) {
        pauseIf(breakers.afterStep(metrics), step);
    }

    /** Checks the fate of the last samples, and commits the pause if that trips a breaker. */
    public void afterSamples(int step, List<EventRecord<?>> pending) {
        if (!paused && pauseIf(breakers.ofSamples(), step)) {
            log.commit(pending);
        }
    }

    private boolean pauseIf(CircuitBreakers.@Nullable Trip trip, int step) {
        if (trip == null) {
            return false;
        }
        LearnerState state = new LearnerState(
                ModelKind.POLICY.id(),
                LearnerStatus.PAUSED,
                trip.breaker(),
                trip.reason(),
                step,
                RoleName.POLICY_LEARNER,
                clock.instant());
        log.sendWithCommit(topics.learnerStates(), state.getLine(), state);
        paused = true;
        return true;
    }

    @Override
    public void close() {
        follower.close();
    }
}
