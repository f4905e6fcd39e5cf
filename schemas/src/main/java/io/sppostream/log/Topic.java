package io.sppostream.log;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * A topic of the log and everything there is to know of it. Keys are strings.
 *
 * @param <V> the event on it
 * @param name full name, namespace and version included
 * @param key what its records are keyed by, in words
 * @param valueType class of the event
 * @param partitions number of partitions
 * @param retention how long records are kept; null keeps them for good
 * @param compacted whether only the last record of a key is kept
 */
public record Topic<V extends SpecificRecord>(
        String name,
        String key,
        Class<V> valueType,
        int partitions,
        @Nullable Duration retention,
        boolean compacted) {

    /** Name of the topic that takes this one's records that could not be read or judged, as raw bytes. */
    public String deadLetters() {
        return name + ".dlq";
    }

    /** The topic as an administrator creates it. */
    public NewTopic newTopic(short replication) {
        Map<String, String> config = new HashMap<>();
        config.put(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                compacted ? TopicConfig.CLEANUP_POLICY_COMPACT : TopicConfig.CLEANUP_POLICY_DELETE);
        config.put(TopicConfig.RETENTION_MS_CONFIG, retention == null ? "-1" : Long.toString(retention.toMillis()));
        return new NewTopic(name, partitions, replication).configs(config);
    }

    /** The dead-letter topic as an administrator creates it: one partition, kept for good. */
    public NewTopic newDeadLetterTopic(short replication) {
        return new NewTopic(deadLetters(), 1, replication).configs(Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1"));
    }
}
