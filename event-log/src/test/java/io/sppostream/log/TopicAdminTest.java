package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

class TopicAdminTest {
    @Test
    void shouldKeepEverythingWhenATopicIsCreated() {
        NewTopic topic = TopicAdmin.newTopic("run-1.values.v1", 6, (short) 3, 16_000_000);
        assertThat(topic.name()).isEqualTo("run-1.values.v1");
        assertThat(topic.numPartitions()).isEqualTo(6);
        assertThat(topic.replicationFactor()).isEqualTo((short) 3);
        assertThat(topic.configs())
                .containsEntry("cleanup.policy", "delete")
                .containsEntry("retention.ms", "-1")
                .containsEntry("max.message.bytes", "16000000");
    }
}
