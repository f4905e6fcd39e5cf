package io.sppostream.log.loop;

import java.util.HashSet;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.TopicPartition;

/**
 * The partitions of a consumer that hold a backlog behind what it polled last, as a stream task is told of them.
 *
 * <p>If the user sets {@code max.task.idle.ms} to 0, a task does not pass over a topic that is said to hold more records. In
 * a backlog this keeps the task's topics in step, so that what belongs together meets in memory. Where records trickle in,
 * topics would wait for each other's fetches, so fewer records than a backlog count as none.
 *
 * <p>Kafka Streams asks several times a record, so lags are read once a poll. For one thread.
 */
final class Backlogs {
    /** Records of a partition that make a backlog. */
    static final long LEAST = 1_000;

    private final Set<TopicPartition> backlogs = new HashSet<>();

    /**
     * Reads lags after a poll.
     *
     * @param assigned partitions of the consumer
     * @param polled partitions of which the poll returned records
     * @param lag records of a partition behind the consumer's position
     * @return whether one of the polled partitions has further records
     */
    boolean afterPoll(Set<TopicPartition> assigned, Set<TopicPartition> polled, ToLongFunction<TopicPartition> lag) {
        backlogs.retainAll(assigned);
        backlogs.removeIf(partition -> lag.applyAsLong(partition) < LEAST);
        boolean more = false;
        for (TopicPartition partition : polled) {
            long behind = lag.applyAsLong(partition);
            more |= behind > 0;
            if (behind >= LEAST) {
                backlogs.add(partition);
            }
        }
        return more;
    }

    /** A backlog's size at least, and 0 for fewer records. */
    long of(TopicPartition partition) {
        return backlogs.contains(partition) ? LEAST : 0;
    }
}
