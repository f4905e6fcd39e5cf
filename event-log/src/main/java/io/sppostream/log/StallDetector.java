package io.sppostream.log;

import java.time.Duration;
import java.util.Collection;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * How long to wait for records that are known to be on the log: for as long as a transaction may stay open, but not for a
 * broker that is gone, which a poll does not tell from one that has nothing new. For one thread.
 */
final class StallDetector {
    /** Longer than the broker lets a transaction of a killed role stay open, but for that of a large model. */
    private static final Duration TRANSACTION = Duration.ofSeconds(90);

    /** Without a record for so long, the broker is asked whether it is there. */
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
     * To be called after every poll.
     *
     * @param records whether it brought records
     * @param waitedFor the partitions that are not read as far as they are to be
     * @throws LogException where there is nothing to wait for any longer
     */
    void polled(boolean records, Collection<TopicPartition> waitedFor) {
        long now = System.nanoTime();
        if (records) {
            lastRecord = now;
            lastAnswer = now;
        } else if (now - lastRecord > TRANSACTION.toNanos()) {
            throw new LogException(waitedFor + ": a transaction has been open for more than " + TRANSACTION.toSeconds()
                    + " s; its role has to commit it, or to be started again");
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
                    "the Kafka broker at " + bootstrapServers + " does not answer any more, while " + partitions
                            + " was read (is it still running?)",
                    e);
        }
    }
}
