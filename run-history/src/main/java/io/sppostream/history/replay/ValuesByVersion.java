package io.sppostream.history.replay;

import io.sppostream.events.Value;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Recorded values in the order of critic versions. Each partition has that order; this merges the partitions. Not
 * thread-safe.
 */
final class ValuesByVersion implements AutoCloseable {
    private final List<LogCursor<Value>> partitions = new ArrayList<>();
    private final List<@Nullable Value> heads = new ArrayList<>();

    ValuesByVersion(LogScan log, Topic<Value> topic, Map<TopicPartition, Long> ends) {
        for (int partition = 0; partition < topic.partitions(); partition++) {
            TopicPartition only = new TopicPartition(topic.name(), partition);
            partitions.add(log.from(topic, Map.of(), Map.of(only, ends.getOrDefault(only, 0L))));
            heads.add(next(partition));
        }
    }

    private @Nullable Value next(int partition) {
        LogCursor<Value> cursor = partitions.get(partition);
        return cursor.hasNext() ? cursor.next().event() : null;
    }

    /** All values of the next version; empty at the end. */
    List<Value> next() {
        int version = heads.stream()
                .filter(Objects::nonNull)
                .mapToInt(Value::getCriticVersion)
                .min()
                .orElse(-1);
        List<Value> values = new ArrayList<>();
        for (int partition = 0; partition < partitions.size(); partition++) {
            Value head = heads.get(partition);
            while (head != null && head.getCriticVersion() == version) {
                values.add(head);
                head = next(partition);
            }
            heads.set(partition, head);
        }
        return values;
    }

    @Override
    public void close() {
        partitions.forEach(LogCursor::close);
    }
}
