package io.sppostream.log;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import java.time.Duration;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.KafkaStreams;

/**
 * Learns what the roles of this process do on the log, to count it. The roles call it from their own threads, for each
 * event: implementations are thread-safe, return at once, and throw nothing. Work of transactions that abort later is
 * reported too, and again when it is repeated.
 */
public interface LogObserver {
    /** Ignores everything. */
    LogObserver NONE = new LogObserver() {};

    /** An event is written to a topic. */
    default void written(SpecificRecord event) {}

    /** A verifier has judged a rollout. */
    default void judged(Rollout rollout, Verdict verdict) {}

    /** A record that a role cannot read or use is sent to the DLQ. */
    default void deadLetter() {}

    /**
     * What waits in the join of a partition.
     *
     * @param rollouts that have arrived and wait for verdicts, values or the rest of their group; 0 when the partition moves
     *     to another instance
     * @param oldest how long the first of them has waited
     */
    default void joinWaits(int partition, long rollouts, Duration oldest) {}

    /** A Kafka Streams application has been created. */
    default void created(KafkaStreams streams) {}
}
