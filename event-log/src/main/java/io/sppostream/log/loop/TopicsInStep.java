package io.sppostream.log.loop;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.TopicPartition;

/**
 * Which partitions of a consumer are ahead of a backlog, and wait for it. The topics of a task hold what belongs together
 * under the same partition number, at about the same time. If all of them are read as they come, a long backlog of one
 * meets nothing of the others in memory, and what waits goes to disk. Fewer records than a backlog hold nothing back,
 * since records that trickle in must not wait for each other's fetches.
 *
 * <p>Of the partitions that share a number, the one that is furthest behind never waits. For one thread.
 */
final class TopicsInStep {
    /** Records behind the consumer's position that make a backlog. */
    static final long BACKLOG = 1_000;

    private static final long NOT_READ = Long.MIN_VALUE;

    /** The time of the last record that was read, of each partition that any was read of. */
    private final Map<TopicPartition, Long> reached = new HashMap<>();

    /**
     * A partition has been read.
     *
     * @param timestamp that of its last record, in milliseconds
     */
    void read(TopicPartition partition, long timestamp) {
        reached.put(partition, timestamp);
    }

    /**
     * The partitions that have been read further, in time, than one with a backlog.
     *
     * @param assigned partitions of the consumer
     * @param lag records of a partition behind the consumer's position. That of a partition which has not been read yet
     *     costs a request to the broker, so it is asked for only if another has a backlog
     */
    Set<TopicPartition> ahead(Set<TopicPartition> assigned, ToLongFunction<TopicPartition> lag) {
        reached.keySet().retainAll(assigned);
        if (reached.keySet().stream().noneMatch(partition -> lag.applyAsLong(partition) >= BACKLOG)) {
            return Set.of();
        }
        Map<Integer, Long> furthestBehind = new HashMap<>();
        for (TopicPartition partition : assigned) {
            if (lag.applyAsLong(partition) >= BACKLOG) {
                furthestBehind.merge(partition.partition(), reached.getOrDefault(partition, NOT_READ), Math::min);
            }
        }
        Set<TopicPartition> ahead = new HashSet<>();
        reached.forEach((partition, time) -> {
            if (time > furthestBehind.getOrDefault(partition.partition(), Long.MAX_VALUE)) {
                ahead.add(partition);
            }
        });
        return ahead;
    }
}
