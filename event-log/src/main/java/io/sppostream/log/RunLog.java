package io.sppostream.log;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/**
 * The log of one run: the cluster it is on, how its events are coded, and its topics.
 *
 * @param kafka how to reach the cluster
 * @param serdes codes the events; stays the caller's to close
 * @param topics the run's topics
 */
public record RunLog(KafkaSettings kafka, EventSerdes serdes, Topics topics) {

    /** A reader of whole topics, from their beginning. */
    public EventReader reader(List<Topic<? extends SpecificRecord>> read) {
        return new EventReader(kafka, serdes, read);
    }

    /** A reader that follows topics for long, at less cost to the broker; see {@link EventReader#following}. */
    public EventReader following(List<Topic<? extends SpecificRecord>> followed) {
        return EventReader.following(kafka, serdes, followed);
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
