package io.sppostream.log;

import java.time.Duration;
import java.util.Collection;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Decides when a reader that polls for records known to be on the log gives up. An open transaction may delay them for as
 * long as brokers let it stay open. A broker that is gone is noticed sooner: polls do not tell it from one without new
 * records, so it is asked for an offset now and then. Not thread-safe.
 */
final class StallDetector {
    /** Longer than brokers let the transaction of a killed role stay open, except for that of a large model. */
    private static final Duration TRANSACTION = Duration.ofSeconds(90);

    /** After this long without a record, the broker is asked for an answer. */
    private static final Duration SILENCE = Duration.ofSeconds(5);

    private static final Duration ANSWER = Duration.ofSeconds(10);

    private final String bootstrapServers;
    private final Consumer<?, ?> consumer;
    private long lastRecord = System.nanoTime();
    private long lastAnswer = lastRecord;

    StallDetector(KafkaSettings kafka, Consumer<?, ?> consumer) {
        this.bootstrapServers = kafka.bootstrapServers();
        this.consumer = consumer;
    }

    /**
     * Must be called after every poll.
     *
     * @param records whether it returned records
     * @param waitedFor the partitions that have more records to read
     * @throws LogException if waiting longer is pointless
     */
    void polled(boolean records, Collection<TopicPartition> waitedFor) {
        long now = System.nanoTime();
        if (records) {
            lastRecord = now;
            lastAnswer = now;
        } else if (now - lastRecord > TRANSACTION.toNanos()) {
            throw new LogException(waitedFor + ": a transaction has been open for more than " + TRANSACTION.toSeconds()
                    + " s; restart the role that began it");
        } else if (now - lastAnswer > SILENCE.toNanos()) {
            requireAnswer(waitedFor);
            lastAnswer = System.nanoTime();
        }
    }

    private void requireAnswer(Collection<TopicPartition> partitions) {
        try {
            consumer.beginningOffsets(partitions, ANSWER);
        } catch (TimeoutException e) {
            throw new LogException(
                    "the Kafka broker at " + bootstrapServers + " no longer answers a reader of " + partitions
                            + " (is it still running?)",
                    e);
        }
    }
}
