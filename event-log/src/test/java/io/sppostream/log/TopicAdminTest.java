package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
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
    void shouldPassOnPropertiesOfTopics() {
        KafkaSettings kafka = new KafkaSettings(
                "unused:9092", "unused", Map.of("topic.min.insync.replicas", "2", "topic.retention.ms", "1000"));
        NewTopic topic = TopicAdmin.with(
                kafka.topicProperties(), TopicAdmin.newTopic("run-1.rollouts.v1", 1, (short) 3, 16_000_000));
        assertThat(topic.configs())
                .containsEntry("min.insync.replicas", "2")
                .containsEntry("retention.ms", "1000")
                .containsEntry("compression.type", "zstd");
    }

    @Test
    void shouldWarnWhenALostBrokerCanLoseACommittedStep() {
        assertThat(TopicAdmin.risk("run-1", 3, 2)).isEmpty();
        assertThat(TopicAdmin.risk("run-1", 3, 1)).get().asString().contains("3 replicas and min.insync.replicas 1");
        assertThat(TopicAdmin.risk("run-1", 2, 2)).get().asString().contains("2 replicas and min.insync.replicas 2");
    }

    @Test
    void shouldFreeTheDiskSpaceOfOldWeightsEarly() {
        NewTopic topic =
                TopicAdmin.inShortSegments(TopicAdmin.newTopic("run-1.policy-weights.v1", 1, (short) 3, 16_000_000));
        assertThat(topic.configs()).containsEntry("segment.bytes", "33554432").containsEntry("retention.ms", "-1");
    }
}
