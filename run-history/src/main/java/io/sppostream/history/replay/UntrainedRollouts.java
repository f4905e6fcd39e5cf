package io.sppostream.history.replay;

import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.RecordedEvents;
import io.sppostream.log.LogException;
import io.sppostream.log.LogScan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The rollouts that the source's policy has not trained on for any reason: not judged, stale, pending at its end. They are
 * in the order of the policy versions that sampled them, and within a version in the order of their offsets. Not
 * thread-safe.
 */
final class UntrainedRollouts implements AutoCloseable {
    /** The reason for a rollout that has not settled. */
    static final String PENDING = "PENDING";

    private static final int BATCH = 512;

    /**
     * The outcome of a rollout in the source.
     *
     * @param reason why it was not trained: the reason of its expiry, or {@link #PENDING}
     * @param status of the verdict that rewarded it; null if there is none
     * @param reward null if there is none
     */
    record RecordedOutcome(
            String reason,
            @Nullable String status,
            @Nullable Double reward) {}

    /** The position of a rollout, and the oldest version that sampled any of its tokens. */
    private record Position(int version, int partition, long offset) {}

    private static final Comparator<Position> ORDER = Comparator.comparing(Position::version)
            .thenComparing(Position::offset)
            .thenComparing(Position::partition);

    private final Deque<Position> positions;
    private final RecordedEvents<Rollout> rollouts;
    private final Map<String, RecordedOutcome> outcomes = new HashMap<>();
    private final Map<String, Value> values = new HashMap<>();

    private UntrainedRollouts(Deque<Position> positions, RecordedEvents<Rollout> rollouts) {
        this.positions = positions;
        this.rollouts = rollouts;
    }

    /** No rollouts. */
    static UntrainedRollouts none(LogScan log, Topics source) {
        return new UntrainedRollouts(
                new ArrayDeque<>(), new RecordedEvents<>(log.from(source.rollouts(), Map.of(), Map.of())));
    }

    /**
     * Finds the rollouts.
     *
     * @param ends end offsets of the source's topics
     * @param trained ids of the rollouts that its policy has trained on
     */
    static UntrainedRollouts of(LogScan log, Topics source, Map<TopicPartition, Long> ends, Set<String> trained) {
        List<Position> positions = new ArrayList<>();
        Set<String> found = new HashSet<>();
        Set<String> requests = new HashSet<>();
        log.read(source.rollouts(), ends, record -> {
            Rollout rollout = record.event();
            if (!trained.contains(rollout.getRolloutId()) && found.add(rollout.getRolloutId())) {
                int version = rollout.getPolicySegments().get(0).getPolicyVersion();
                positions.add(new Position(version, record.partition(), record.offset()));
                requests.add(rollout.getRequestId());
            }
        });
        positions.sort(ORDER);
        Map<TopicPartition, Long> starts = new HashMap<>();
        positions.forEach(position -> starts.merge(
                new TopicPartition(source.rollouts().name(), position.partition()), position.offset(), Math::min));
        UntrainedRollouts untrained = new UntrainedRollouts(
                new ArrayDeque<>(positions), new RecordedEvents<>(log.from(source.rollouts(), starts, ends)));
        if (!requests.isEmpty()) {
            untrained.readOutcomes(log, source, ends, requests);
        }
        return untrained;
    }

    private void readOutcomes(LogScan log, Topics source, Map<TopicPartition, Long> ends, Set<String> requests) {
        log.read(source.values(), ends, requests::contains, record -> values.putIfAbsent(record.key(), record.event()));
        Map<String, String> reasons = new HashMap<>();
        log.read(source.expired(), ends, requests::contains, record -> {
            if (record.event().getRolloutId() != null) {
                reasons.put(
                        record.event().getRolloutId(),
                        record.event().getReason().toString());
            }
        });
        reasons.forEach((id, reason) -> outcomes.put(id, new RecordedOutcome(reason, null, null)));
        log.read(source.advantages(), ends, requests::contains, record -> {
            String id = record.event().getRollout().getRolloutId();
            outcomes.put(
                    id,
                    new RecordedOutcome(
                            reasons.getOrDefault(id, PENDING),
                            record.event().getVerdict().getStatus().toString(),
                            record.event().getReward()));
        });
    }

    /** Takes the next batch of rollouts that were sampled by a version or an earlier one; empty after the last. */
    List<ReplayedRollout> takeUpTo(int version) {
        List<ReplayedRollout> subjects = new ArrayList<>();
        while (subjects.size() < BATCH
                && !positions.isEmpty()
                && positions.element().version() <= version) {
            Position position = positions.remove();
            Rollout rollout = rollouts.take(position.partition(), position.offset());
            if (rollout == null) {
                throw new LogException("a rollout was deleted from the source during the replay");
            }
            subjects.add(new ReplayedRollout(rollout, null));
        }
        return subjects;
    }

    /** Skips the rollouts that were sampled by a version or an earlier one. */
    void skipUpTo(int version) {
        while (!positions.isEmpty() && positions.element().version() <= version) {
            positions.remove();
        }
    }

    /** The outcome of a rollout in the source. */
    RecordedOutcome outcome(String rolloutId) {
        return outcomes.getOrDefault(rolloutId, new RecordedOutcome(PENDING, null, null));
    }

    /** The recorded value of a request; null if it was not scored. */
    @Nullable
    Value value(String requestId) {
        return values.get(requestId);
    }

    @Override
    public void close() {
        rollouts.close();
    }
}
