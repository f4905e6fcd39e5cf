package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Prompt;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class LogScanTest {
    private final Topic<Prompt> topic = new Topics("test", 6).prompts();

    @Test
    void shouldFindTheOnePartitionOfAKeyAsProducersDo() {
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (int partition = 0; partition < topic.partitions(); partition++) {
            ends.put(new TopicPartition(topic.name(), partition), 10L + partition);
        }
        Set<Integer> used = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            String key = "request-" + i;
            int partition = Utils.toPositive(Utils.murmur2(key.getBytes(UTF_8))) % topic.partitions();
            used.add(partition);

            assertThat(LogScan.partitionOf(key, topic, ends))
                    .containsExactly(Map.entry(new TopicPartition(topic.name(), partition), 10L + partition));
        }
        assertThat(used).hasSize(topic.partitions());
        assertThat(ends).hasSize(topic.partitions());
    }
}
