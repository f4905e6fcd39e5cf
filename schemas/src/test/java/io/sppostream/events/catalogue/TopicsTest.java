package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {
    private final Topics topics = new Topics("run-1", 6);

    @Test
    void shouldNameTopicsByNamespaceAndVersion() {
        assertThat(topics.all().stream().map(Topic::name))
                .containsExactly(
                        "run-1.runs.v1",
                        "run-1.prompts.v1",
                        "run-1.rollouts.v1",
                        "run-1.verdicts.v1",
                        "run-1.values.v1",
                        "run-1.advantages.v1",
                        "run-1.expired.v1",
                        "run-1.training-steps.v1",
                        "run-1.evaluations.v1",
                        "run-1.learner-states.v1",
                        "run-1.policy-versions.v1",
                        "run-1.policy-start.v1",
                        "run-1.policy-weights.v1",
                        "run-1.critic-versions.v1",
                        "run-1.critic-start.v1",
                        "run-1.critic-weights.v1");
        assertThat(topics.rollouts().deadLetters()).isEqualTo("run-1.rollouts.v1.dlq");
        assertThat(topics.application("reward-verifier")).isEqualTo("run-1.reward-verifier");
    }

    /** Joins need no repartition, and what needs a total order has one. */
    @Test
    void shouldPartitionAlikeWhatIsKeyedByRequest() {
        assertThat(topics.all())
                .allSatisfy(topic -> assertThat(topic.partitions())
                        .as(topic.name())
                        .isEqualTo(topic.key().equals("requestId") ? 6 : 1));
        assertThat(topics.all().stream().filter(topic -> topic.key().equals("requestId")))
                .extracting(Topic::name)
                .containsExactlyInAnyOrder(
                        topics.prompts().name(),
                        topics.rollouts().name(),
                        topics.verdicts().name(),
                        topics.values().name(),
                        topics.advantages().name(),
                        topics.expired().name());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b", "a b", "a/b", "é", "a\n"})
    void shouldRefuseWhenANamespaceIsNotATopicPrefix(String namespace) {
        assertThatThrownBy(() -> new Topics(namespace, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("namespace '" + namespace + "'");
    }

    @Test
    void shouldBoundLengthsAndPartitions() {
        assertThat(new Topics("a".repeat(100), 1).runs().name()).hasSize(108);
        assertThatThrownBy(() -> new Topics("a".repeat(101), 1)).isInstanceOf(IllegalArgumentException.class);
        for (int partitions : List.of(0, -1)) {
            assertThatThrownBy(() -> new Topics("a", partitions))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("partitions = " + partitions);
        }
    }
}
