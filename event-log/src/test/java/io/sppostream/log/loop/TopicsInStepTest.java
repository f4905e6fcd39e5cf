package io.sppostream.log.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class TopicsInStepTest {
    private static final TopicPartition ROLLOUTS = new TopicPartition("rollouts", 0);
    private static final TopicPartition VERDICTS = new TopicPartition("verdicts", 0);
    private static final TopicPartition VALUES = new TopicPartition("values", 0);
    private static final TopicPartition OTHER_ROLLOUTS = new TopicPartition("rollouts", 1);
    private static final TopicPartition OTHER_VERDICTS = new TopicPartition("verdicts", 1);
    private static final Set<TopicPartition> ALL = Set.of(ROLLOUTS, VERDICTS, VALUES, OTHER_ROLLOUTS, OTHER_VERDICTS);

    private final TopicsInStep topics = new TopicsInStep();

    private Set<TopicPartition> ahead(Map<TopicPartition, Long> lags) {
        return topics.ahead(ALL, partition -> lags.getOrDefault(partition, 0L));
    }

    @Test
    void shouldHoldWhatIsAheadOfABacklog() {
        topics.read(ROLLOUTS, 100);
        topics.read(VERDICTS, 200);
        topics.read(VALUES, 100);

        assertThat(ahead(Map.of(ROLLOUTS, 5_000L))).containsExactly(VERDICTS);
    }

    @Test
    void shouldHoldNothingForFewerRecordsThanABacklog() {
        topics.read(ROLLOUTS, 100);
        topics.read(VERDICTS, 200);

        assertThat(ahead(Map.of(ROLLOUTS, TopicsInStep.BACKLOG - 1))).isEmpty();
        assertThat(ahead(Map.of(ROLLOUTS, TopicsInStep.BACKLOG))).containsExactly(VERDICTS);
    }

    @Test
    void shouldNeverHoldTheOneThatIsFurthestBehind() {
        topics.read(ROLLOUTS, 100);
        topics.read(VERDICTS, 200);
        topics.read(VALUES, 300);
        Map<TopicPartition, Long> backlogs = Map.of(ROLLOUTS, 5_000L, VERDICTS, 5_000L, VALUES, 5_000L);

        assertThat(ahead(backlogs)).containsExactlyInAnyOrder(VERDICTS, VALUES);

        topics.read(ROLLOUTS, 200);
        assertThat(ahead(backlogs)).containsExactly(VALUES);
    }

    @Test
    void shouldNotWaitForATopicThatIsReadToItsEnd() {
        topics.read(ROLLOUTS, 500);
        topics.read(VERDICTS, 100);

        assertThat(ahead(Map.of(ROLLOUTS, 5_000L))).isEmpty();
    }

    @Test
    void shouldNotWaitForOtherPartitions() {
        topics.read(ROLLOUTS, 100);
        topics.read(VERDICTS, 50);
        topics.read(OTHER_ROLLOUTS, 300);
        topics.read(OTHER_VERDICTS, 400);

        assertThat(ahead(Map.of(ROLLOUTS, 5_000L))).isEmpty();
        assertThat(ahead(Map.of(ROLLOUTS, 5_000L, OTHER_ROLLOUTS, 5_000L))).containsExactly(OTHER_VERDICTS);
    }

    @Test
    void shouldHoldWhatWasReadUntilABacklogIsReadForTheFirstTime() {
        topics.read(ROLLOUTS, 100);

        assertThat(ahead(Map.of(ROLLOUTS, 5_000L, VERDICTS, 5_000L))).containsExactly(ROLLOUTS);
        assertThat(ahead(Map.of(ROLLOUTS, 5_000L))).isEmpty();
    }

    @Test
    void shouldNotAskForTheLagOfAPartitionThatWasNotReadWithoutABacklog() {
        topics.read(ROLLOUTS, 100);

        assertThat(topics.ahead(ALL, Map.of(ROLLOUTS, 1L)::get)).isEmpty();
    }

    @Test
    void shouldNotWaitForPartitionsThatAreReadByOthersNow() {
        topics.read(ROLLOUTS, 100);
        topics.read(VERDICTS, 200);

        assertThat(topics.ahead(Set.of(VERDICTS), Map.of(VERDICTS, 5_000L)::get))
                .isEmpty();
    }
}
