package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Hides redelivered records from the roles they are not meant for. A dead letter that is sent back is a second copy of a
 * record on its topic. Only the role that refused the first copy may use it; the others have used the first one. The
 * header {@code sppo.redeliver-to} names that role by its consumer group. Applies to every consumer that has a group.
 */
public final class Redelivery implements ConsumerInterceptor<byte[], byte[]> {
    private static final String ROLE = "sppo.redeliver-to";

    private @Nullable String group;

    /** The header of a record that is redelivered to a role, named by its consumer group. */
    public static void address(Headers headers, String role) {
        headers.remove(ROLE).add(ROLE, role.getBytes(UTF_8));
    }

    /** Whether a record is the second copy of one that is on the topic already. */
    public static boolean isRedelivered(ConsumerRecord<?, ?> record) {
        return record.headers().lastHeader(ROLE) != null;
    }

    @Override
    public void configure(Map<String, ?> settings) {
        Object id = settings.get(ConsumerConfig.GROUP_ID_CONFIG);
        group = id == null ? null : id.toString();
    }

    @Override
    public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
        boolean all = true;
        for (ConsumerRecord<byte[], byte[]> record : records) {
            all &= isMine(record);
        }
        if (all) {
            return records;
        }
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> mine = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (isMine(record)) {
                mine.computeIfAbsent(
                                new TopicPartition(record.topic(), record.partition()), partition -> new ArrayList<>())
                        .add(record);
            }
        }
        return new ConsumerRecords<>(mine, records.nextOffsets());
    }

    private boolean isMine(ConsumerRecord<byte[], byte[]> record) {
        Header role = record.headers().lastHeader(ROLE);
        return group == null || role == null || new String(role.value(), UTF_8).equals(group);
    }

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {}
}
