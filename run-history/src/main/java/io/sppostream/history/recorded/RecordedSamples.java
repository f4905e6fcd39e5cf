package io.sppostream.history.recorded;

import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** The recorded training samples, by the positions that the ledger names. Not thread-safe. */
public final class RecordedSamples implements AutoCloseable {
    private final RecordedEvents<TrainingSample> events;
    private final String topic;
    private final Map<TopicPartition, Long> starts;
    private final Map<TopicPartition, Long> ends;

    /**
     * @param cursor reads the topic from the starts to the ends; closed with this
     * @param topic name of the topic
     * @param starts first offset of the range that is replayed, by partition
     * @param ends end of the range, by partition
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
     * Takes the sample of an entry of the ledger. Each can be taken once.
     *
     * @throws LogException if there is another sample at that position, or none
     */
    public TrainingSample take(TrainedSample trained) {
        TrainingSample sample = events.take(trained.getPartition(), trained.getOffset());
        if (sample == null || !sample.getRollout().getRolloutId().equals(trained.getRolloutId())) {
            throw new LogException("rollout " + trained.getRolloutId() + " is not at " + topic + "-"
                    + trained.getPartition() + "@" + trained.getOffset()
                    + ", where the ledger says it is: check the run with ./sppo audit");
        }
        return sample;
    }

    @Override
    public void close() {
        events.close();
    }
}
