package io.sppostream.history.replay;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.TopicAdmin;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The range of recorded training samples to replay, by offset on each partition, by record time, or both. Null is no bound.
 *
 * @param fromOffset first offset, inclusive
 * @param toOffset last offset, exclusive
 * @param fromTime earliest time, inclusive
 * @param toTime latest time, exclusive
 */
public record ReplayRange(
        @Nullable Long fromOffset,
        @Nullable Long toOffset,
        @Nullable Instant fromTime,
        @Nullable Instant toTime) {
    /** Everything. */
    public static final ReplayRange ALL = new ReplayRange(null, null, null, null);

    /** @throws IllegalArgumentException if the range is always empty */
    public ReplayRange {
        if ((fromOffset != null && fromOffset < 0) || (toOffset != null && toOffset < 0)) {
            throw new IllegalArgumentException("offsets count from 0");
        }
        requireOrder("offset", fromOffset, toOffset);
        requireOrder("time", fromTime, toTime);
    }

    private static <T extends Comparable<T>> void requireOrder(String what, @Nullable T from, @Nullable T to) {
        if (from != null && to != null && from.compareTo(to) >= 0) {
            throw new IllegalArgumentException("--from-" + what + " " + from + " is not before --to-" + what + " " + to
                    + ": nothing lies between");
        }
    }

    /** The first offset of each partition of a topic. */
    Map<TopicPartition, Long> starts(TopicAdmin admin, Topic<?> topic) {
        Map<TopicPartition, Long> starts = new HashMap<>();
        if (fromTime != null) {
            starts.putAll(admin.after(fromTime, List.of(topic)));
        }
        if (fromOffset != null) {
            for (int partition = 0; partition < topic.partitions(); partition++) {
                starts.merge(new TopicPartition(topic.name(), partition), fromOffset, Math::max);
            }
        }
        return starts;
    }

    /** The end offset of each partition of a topic. */
    Map<TopicPartition, Long> ends(TopicAdmin admin, Topic<?> topic) {
        Map<TopicPartition, Long> ends = admin.ends(IsolationLevel.READ_COMMITTED, List.of(topic));
        if (toTime != null) {
            admin.after(toTime, List.of(topic)).forEach((partition, end) -> ends.merge(partition, end, Math::min));
        }
        if (toOffset != null) {
            ends.replaceAll((partition, end) -> Math.min(end, toOffset));
        }
        return ends;
    }

    /** The offsets and times that a topic has, in words. */
    String available(TopicAdmin admin, Topic<?> topic) {
        Map<TopicPartition, Long> ends = admin.ends(IsolationLevel.READ_COMMITTED, List.of(topic));
        String offsets = admin.beginnings(List.of(topic)).entrySet().stream()
                .sorted(Comparator.comparing(begin -> begin.getKey().partition()))
                .map(begin -> begin.getKey() + " has offsets " + begin.getValue() + " to "
                        + (ends.getOrDefault(begin.getKey(), 0L) - 1))
                .collect(Collectors.joining(", "));
        return admin.newest(topic)
                .map(time -> offsets + ", the last written " + time)
                .orElse(offsets);
    }
}
