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
        assertThat(topic.configs()).containsEntry("cleanup.policy", "delete").containsEntry("retention.ms", "-1");
        assertThat(topic.configs())
                .containsEntry("compression.type", "zstd")
                .containsEntry("max.message.bytes", "16000000");
    }

    @Test
    void shouldFreeTheDiskSpaceOfOldWeightsEarly() {
        NewTopic topic =
                TopicAdmin.inShortSegments(TopicAdmin.newTopic("run-1.policy-weights.v1", 1, (short) 3, 16_000_000));
        assertThat(topic.configs()).containsEntry("segment.bytes", "33554432").containsEntry("retention.ms", "-1");
    }
}
