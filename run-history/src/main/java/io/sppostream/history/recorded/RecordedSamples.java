package io.sppostream.history.recorded;

import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** The recorded training samples, by where the ledger says they lie. For one thread. */
public final class RecordedSamples implements AutoCloseable {
    private final RecordedEvents<TrainingSample> events;
    private final String topic;
    private final Map<TopicPartition, Long> starts;
    private final Map<TopicPartition, Long> ends;

    /**
     * @param cursor from the starts to the ends of the topic's partitions
     * @param topic its name
     */
    public RecordedSamples(
            LogCursor<TrainingSample> cursor,
            String topic,
            Map<TopicPartition, Long> starts,
            Map<TopicPartition, Long> ends) {
        this.events = new RecordedEvents<>(cursor);
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
        TrainingSample sample = events.take(trained.getPartition(), trained.getOffset());
        if (sample == null || !sample.getRollout().getRolloutId().equals(trained.getRolloutId())) {
            throw new LogException("rollout " + trained.getRolloutId() + " is not at " + topic + "-"
                    + trained.getPartition() + "@" + trained.getOffset()
                    + ", where the ledger says it is: ./sppo audit says what else is wrong");
        }
        return sample;
    }

    @Override
    public void close() {
        events.close();
    }
}
