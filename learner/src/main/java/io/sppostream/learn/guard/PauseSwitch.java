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
 * Whether the policy learner may go on. Where one of the {@link CircuitBreakers} trips it writes so on the log and
 * pauses, until a record there tells it to go on; since the state is on the log and nowhere else, a learner that is
 * started again is still paused. A paused learner trains and commits nothing, and what it has not trained stays where it
 * is. For one thread.
 */
public final class PauseSwitch implements AutoCloseable {
    private final ExactlyOnceLog log;
    private final Topics topics;
    private final CircuitBreakers breakers;
    private final Clock clock;
    private final EventReader news;

    /** What was let go after the last step, and is read again since that did not consume it. */
    private final Set<String> letGo = new HashSet<>();

    /** The last offset of what was let go and is read again, by partition. */
    private final Map<Integer, Long> lastLetGo = new HashMap<>();

    /** The ends of advantages when this one began. */
    private final Map<TopicPartition, Long> readBefore;

    private boolean paused;

    /**
     * Reads the state of the line, and what it has let go since the last step.
     *
     * @param log takes what this one writes, with the learner's next commit
     * @param lastStep when its version was ready to be committed
     */
    public PauseSwitch(ExactlyOnceLog log, RunLog runLog, CircuitBreakers breakers, Instant lastStep, Clock clock) {
        this.log = log;
        this.topics = runLog.topics();
        this.breakers = breakers;
        this.clock = clock;
        List<Topic<? extends SpecificRecord>> read =
                List.of(runLog.topics().learnerStates(), runLog.topics().expired());
        this.news = runLog.following(read);
        news.seek(runLog.topics().expired(), lastStep);
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            // Others write to expired too: what they have open is waited for, as what this line let go may lie behind
            // it.
            takeBefore(admin.ends(IsolationLevel.READ_UNCOMMITTED, read), lastStep);
            readBefore = admin.ends(
                    IsolationLevel.READ_COMMITTED, List.of(runLog.topics().advantages()));
        }
    }

    private void takeBefore(Map<TopicPartition, Long> ends, Instant lastStep) {
        news.pollTo(ends).forEach(received -> {
            take(received);
            if (received.event() instanceof Expired expired
                    && expired.getReason() == ExpiryReason.STALE
                    && !expired.getExpiredAt().isBefore(lastStep)) {
                letGo.add(expired.getRolloutId());
            }
        });
    }

    /** Looks whether there is news; returns whether the learner is to pause. */
    public boolean isPaused() {
        news.poll(Duration.ZERO).forEach(this::take);
        return paused;
    }

    private void take(EventRecord<?> received) {
        if (received.event() instanceof LearnerState state && state.getLine().equals(ModelKind.POLICY.id())) {
            paused = state.getStatus() == LearnerStatus.PAUSED;
            if (!paused) {
                breakers.reset();
            }
        } else if (received.event() instanceof Expired expired && expired.getReason() == ExpiryReason.INFRA_ERROR) {
            breakers.judged(true);
        }
    }

    /** Takes samples in; returns those that were not let go as stale before a restart, which reads some again. */
    public List<EventRecord<?>> arrived(List<EventRecord<?>> samples) {
        samples.forEach(sample -> breakers.judged(false));
        return letGo.isEmpty() ? samples : samples.stream().filter(this::isNew).toList();
    }

    private boolean isNew(EventRecord<?> sample) {
        String id = ((TrainingSample) sample.event()).getRollout().getRolloutId();
        if (!letGo.remove(id)) {
            return true;
        }
        lastLetGo.merge(sample.partition(), sample.offset(), Math::max);
        return false;
    }

    /**
     * Whether what was let go before a restart is read again. Until then there can be no step, and the first one has to
     * consume it, for whoever begins after a step does not look for what was let go before it: so the samples that lie
     * before it go first. They are fewer than a batch, since it was let go for want of one.
     */
    public boolean hasCaughtUp(List<EventRecord<?>> pending) {
        Map<TopicPartition, Long> reached = log.consumed(List.of());
        if (!letGo.isEmpty()
                && readBefore.entrySet().stream()
                        .anyMatch(end -> reached.getOrDefault(end.getKey(), 0L) < end.getValue())) {
            return false;
        }
        if (!lastLetGo.isEmpty()) {
            pending.sort(
                    Comparator.comparing(sample -> sample.offset() > lastLetGo.getOrDefault(sample.partition(), -1L)));
            lastLetGo.clear();
        }
        return true;
    }

    /** Takes in what a step has measured, before it is committed: a pause it leads to commits with it. */
    public void measured(int step, Map<String, Double> metrics) {
        pauseIf(breakers.afterStep(metrics), step);
    }

    /** Takes in what became of the samples last seen; where that leads to a pause it is committed. */
    public void settled(int step, List<EventRecord<?>> pending) {
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
        news.close();
    }
}
