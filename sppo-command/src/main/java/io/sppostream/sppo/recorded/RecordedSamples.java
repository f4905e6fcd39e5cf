package io.sppostream.sppo.recorded;

import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import io.sppostream.log.Received;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * The recorded training samples, by where the ledger says they lie. They are asked for nearly in the order of the topic,
 * so that few are read before they are wanted. For one thread.
 */
public final class RecordedSamples implements AutoCloseable {
    private final LogCursor<TrainingSample> cursor;
    private final String topic;
    private final Map<TopicPartition, Long> starts;
    private final Map<TopicPartition, Long> ends;
    private final Map<TopicPartition, Map<Long, TrainingSample>> read = new HashMap<>();
    private final Map<TopicPartition, Long> reached = new HashMap<>();

    /**
     * @param cursor from the starts to the ends of the topic's partitions
     * @param topic its name
     */
    public RecordedSamples(
            LogCursor<TrainingSample> cursor,
            String topic,
            Map<TopicPartition, Long> starts,
            Map<TopicPartition, Long> ends) {
        this.cursor = cursor;
        this.topic = topic;
        this.starts = starts;
        this.ends = ends;
    }

    /** Whether a sample is in the range that is replayed. */
    public boolean contains(TrainedSample sample) {
        TopicPartition partition = new TopicPartition(topic, sample.getPartition());
        return sample.getOffset() >= starts.getOrDefault(partition, 0L)
                && sample.getOffset() < ends.getOrDefault(partition, 0L);
    }

    /**
     * Takes a sample of the ledger; each can be taken once.
     *
     * @throws LogException where another lies there, or none
     */
    public TrainingSample take(TrainedSample trained) {
        TopicPartition partition = new TopicPartition(topic, trained.getPartition());
        while (reached.getOrDefault(partition, -1L) < trained.getOffset() && cursor.hasNext()) {
            Received<TrainingSample> received = cursor.next();
            TopicPartition of = new TopicPartition(topic, received.partition());
            read.computeIfAbsent(of, key -> new HashMap<>()).put(received.offset(), received.event());
            reached.put(of, received.offset());
        }
        Map<Long, TrainingSample> there = read.computeIfAbsent(partition, key -> new HashMap<>());
        TrainingSample sample = there.get(trained.getOffset());
        if (sample == null || !sample.getRollout().getRolloutId().equals(trained.getRolloutId())) {
            throw new LogException("rollout " + trained.getRolloutId() + " is not at " + partition + "@"
                    + trained.getOffset() + ", where the ledger says it is: ./sppo audit says what else is wrong");
        }
        there.remove(trained.getOffset());
        return sample;
    }

    @Override
    public void close() {
        cursor.close();
    }
}
