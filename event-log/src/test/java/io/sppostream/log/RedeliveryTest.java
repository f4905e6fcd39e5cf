package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class RedeliveryTest {
    private static final TopicPartition PARTITION = new TopicPartition("run.advantages.v1", 0);

    private static ConsumerRecords<byte[], byte[]> seenBy(Map<String, ?> settings) {
        ConsumerRecord<byte[], byte[]> first =
                new ConsumerRecord<>(PARTITION.topic(), PARTITION.partition(), 5, null, null);
        ConsumerRecord<byte[], byte[]> again =
                new ConsumerRecord<>(PARTITION.topic(), PARTITION.partition(), 6, null, null);
        Redelivery.address(again.headers(), "run.policy-learner");
        Redelivery filter = new Redelivery();
        filter.configure(settings);
        return filter.onConsume(new ConsumerRecords<>(
                Map.of(PARTITION, List.of(first, again)), Map.of(PARTITION, new OffsetAndMetadata(7))));
    }

    private static List<Long> offsets(ConsumerRecords<byte[], byte[]> records) {
        return records.records(PARTITION).stream().map(ConsumerRecord::offset).toList();
    }

    @Test
    void shouldGiveARedeliveredRecordToTheRoleThatRefusedIt() {
        assertThat(offsets(seenBy(Map.of("group.id", "run.policy-learner")))).containsExactly(5L, 6L);
    }

    @Test
    void shouldHideARedeliveredRecordFromOtherRolesAndKeepThePosition() {
        ConsumerRecords<byte[], byte[]> seen = seenBy(Map.of("group.id", "run.critic"));

        assertThat(offsets(seen)).containsExactly(5L);
        assertThat(seen.nextOffsets()).isEqualTo(Map.of(PARTITION, new OffsetAndMetadata(7)));
    }

    @Test
    void shouldShowAllToReadersThatObserve() {
        assertThat(offsets(seenBy(Map.of()))).containsExactly(5L, 6L);
    }
}
