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
 * The rollouts that the source's policy has not trained on, whatever the reason: not judged, stale, pending at its end.
 * Their order is that of the policy versions that sampled them, and within a version that of their offsets. For one
 * thread.
 */
final class Untrained implements AutoCloseable {
    /** Why a rollout that has not settled is not trained. */
    static final String PENDING = "PENDING";

    private static final int MOST_AT_ONCE = 512;

    /**
     * What the source made of a rollout.
     *
     * @param reason why it was not trained: of its expiry, or {@link #PENDING}
     * @param status of the verdict that rewarded it; null where none did
     * @param reward null where there was none
     */
    record Was(
            String reason,
            @Nullable String status,
            @Nullable Double reward) {}

    /** Where a rollout lies, and the oldest version that sampled any of it. */
    private record Place(int version, int partition, long offset) {}

    private static final Comparator<Place> ORDER =
            Comparator.comparing(Place::version).thenComparing(Place::offset).thenComparing(Place::partition);

    private final Deque<Place> places;
    private final RecordedEvents<Rollout> rollouts;
    private final Map<String, Was> fates = new HashMap<>();
    private final Map<String, Value> values = new HashMap<>();

    private Untrained(Deque<Place> places, RecordedEvents<Rollout> rollouts) {
        this.places = places;
        this.rollouts = rollouts;
    }

    /** None of them. */
    static Untrained none(LogScan log, Topics source) {
        return new Untrained(new ArrayDeque<>(), new RecordedEvents<>(log.from(source.rollouts(), Map.of(), Map.of())));
    }

    /**
     * Finds them.
     *
     * @param ends where the source's topics end
     * @param trained the rollouts that its policy has trained on
     */
    static Untrained of(LogScan log, Topics source, Map<TopicPartition, Long> ends, Set<String> trained) {
        List<Place> places = new ArrayList<>();
        Set<String> found = new HashSet<>();
        Set<String> requests = new HashSet<>();
        log.read(source.rollouts(), ends, received -> {
            Rollout rollout = received.event();
            if (!trained.contains(rollout.getRolloutId()) && found.add(rollout.getRolloutId())) {
                int version = rollout.getPolicySegments().get(0).getPolicyVersion();
                places.add(new Place(version, received.partition(), received.offset()));
                requests.add(rollout.getRequestId());
            }
        });
        places.sort(ORDER);
        Map<TopicPartition, Long> starts = new HashMap<>();
        places.forEach(place -> starts.merge(
                new TopicPartition(source.rollouts().name(), place.partition()), place.offset(), Math::min));
        Untrained untrained = new Untrained(
                new ArrayDeque<>(places), new RecordedEvents<>(log.from(source.rollouts(), starts, ends)));
        if (!requests.isEmpty()) {
            untrained.readFates(log, source, ends, requests);
        }
        return untrained;
    }

    private void readFates(LogScan log, Topics source, Map<TopicPartition, Long> ends, Set<String> requests) {
        log.read(
                source.values(),
                ends,
                requests::contains,
                received -> values.putIfAbsent(received.key(), received.event()));
        Map<String, String> reasons = new HashMap<>();
        log.read(source.expired(), ends, requests::contains, received -> {
            if (received.event().getRolloutId() != null) {
                reasons.put(
                        received.event().getRolloutId(),
                        received.event().getReason().toString());
            }
        });
        reasons.forEach((id, reason) -> fates.put(id, new Was(reason, null, null)));
        log.read(source.advantages(), ends, requests::contains, received -> {
            String id = received.event().getRollout().getRolloutId();
            fates.put(
                    id,
                    new Was(
                            reasons.getOrDefault(id, PENDING),
                            received.event().getVerdict().getStatus().toString(),
                            received.event().getReward()));
        });
    }

    /** Takes the next of them that were sampled by a version or one before, a number at once; empty after the last. */
    List<Subject> takeUpTo(int version) {
        List<Subject> subjects = new ArrayList<>();
        while (subjects.size() < MOST_AT_ONCE
                && !places.isEmpty()
                && places.element().version() <= version) {
            Place place = places.remove();
            Rollout rollout = rollouts.take(place.partition(), place.offset());
            if (rollout == null) {
                throw new LogException("a rollout has left the source while it was read");
            }
            subjects.add(new Subject(rollout, null));
        }
        return subjects;
    }

    /** Leaves out those that were sampled by a version or one before. */
    void skipUpTo(int version) {
        while (!places.isEmpty() && places.element().version() <= version) {
            places.remove();
        }
    }

    /** What the source made of one. */
    Was was(String rolloutId) {
        return fates.getOrDefault(rolloutId, new Was(PENDING, null, null));
    }

    /** The recorded value of the request of one; null where it was not scored. */
    @Nullable
    Value value(String requestId) {
        return values.get(requestId);
    }

    @Override
    public void close() {
        rollouts.close();
    }
}
