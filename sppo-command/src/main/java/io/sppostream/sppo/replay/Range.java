package io.sppostream.sppo.replay;

import io.sppostream.log.Topic;
import io.sppostream.log.TopicAdmin;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Which part of the recorded training samples is replayed: by offset, on each partition, or by the time of the records.
 *
 * @param fromOffset the first offset; null for no bound
 * @param toOffset the offset after the last; null for no bound
 * @param fromTime not before; null for no bound
 * @param toTime before; null for no bound
 */
public record Range(
        @Nullable Long fromOffset,
        @Nullable Long toOffset,
        @Nullable Instant fromTime,
        @Nullable Instant toTime) {
    /** Everything. */
    public static final Range ALL = new Range(null, null, null, null);

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

    /** The offset after the last of each partition of a topic. */
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
}
