package io.sppostream.log;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.util.List;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/**
 * The log of one run: its cluster, its serializers and its topics. Thread-safe; readers and writers that it returns are
 * not, and the caller closes them.
 *
 * @param kafka how to reach the cluster
 * @param serdes encodes and decodes the events; the caller closes it
 * @param topics the run's topics
 */
public record RunLog(KafkaSettings kafka, EventSerdes serdes, Topics topics) {

    /**
     * A copy whose consumers return at most so many records by one poll, whatever the settings say. Loops that hold
     * records back bound their memory by it.
     */
    public RunLog withPollLimit(int records) {
        KafkaSettings limited = kafka.with(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Integer.toString(records));
        return new RunLog(limited, serdes, topics);
    }

    /** This log, read without some fields of its events; see {@link EventSerdes#without}. */
    public RunLog without(Set<String> fields) {
        return new RunLog(kafka, serdes.without(fields), topics);
    }

    /** A reader for a short look at topics, from their beginning. */
    public EventReader reader(List<Topic<? extends SpecificRecord>> read) {
        return new EventReader(kafka, serdes, read);
    }

    /** A reader that follows topics for a long time; see {@link EventReader#following}. */
    public EventReader following(List<Topic<? extends SpecificRecord>> followed) {
        return EventReader.following(kafka, serdes, followed);
    }

    /** A reader of all records, those of open and aborted transactions included; see {@link EventReader#uncommitted}. */
    public EventReader uncommitted(List<Topic<? extends SpecificRecord>> read) {
        return EventReader.uncommitted(kafka, serdes, read);
    }

    /** A writer outside any transaction. */
    public EventWriter writer() {
        return new EventWriter(kafka, serdes);
    }

    /** Reads topics between offsets. */
    public LogScan scan() {
        return new LogScan(kafka, serdes);
    }
}
