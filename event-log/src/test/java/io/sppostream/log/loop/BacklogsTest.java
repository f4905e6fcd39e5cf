package io.sppostream.log.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class BacklogsTest {
    private static final TopicPartition ROLLOUTS = new TopicPartition("rollouts", 0);
    private static final TopicPartition VERDICTS = new TopicPartition("verdicts", 0);
    private static final Set<TopicPartition> BOTH = Set.of(ROLLOUTS, VERDICTS);

    private final Backlogs backlogs = new Backlogs();

    private boolean poll(Set<TopicPartition> assigned, Set<TopicPartition> polled, Map<TopicPartition, Long> lags) {
        return backlogs.afterPoll(assigned, polled, partition -> lags.getOrDefault(partition, 0L));
    }

    @Test
    void shouldSayWhetherAPolledPartitionHasMore() {
        assertThat(poll(BOTH, Set.of(ROLLOUTS), Map.of(ROLLOUTS, 1L))).isTrue();
        assertThat(poll(BOTH, Set.of(ROLLOUTS), Map.of(VERDICTS, 1L))).isFalse();
        assertThat(poll(BOTH, Set.of(), Map.of(ROLLOUTS, 1L))).isFalse();
    }

    @Test
    void shouldCountFewerRecordsThanABacklogAsNone() {
        poll(BOTH, BOTH, Map.of(ROLLOUTS, Backlogs.LEAST - 1, VERDICTS, Backlogs.LEAST));

        assertThat(backlogs.of(ROLLOUTS)).isZero();
        assertThat(backlogs.of(VERDICTS)).isEqualTo(Backlogs.LEAST);
    }

    @Test
    void shouldEndABacklogThatIsReadAlsoIfThePollReturnsOthers() {
        poll(BOTH, BOTH, Map.of(ROLLOUTS, 5_000L));
        poll(BOTH, Set.of(VERDICTS), Map.of(ROLLOUTS, 4_000L));
        assertThat(backlogs.of(ROLLOUTS)).isPositive();

        poll(BOTH, Set.of(VERDICTS), Map.of(ROLLOUTS, 10L));
        assertThat(backlogs.of(ROLLOUTS)).isZero();
    }

    @Test
    void shouldForgetPartitionsThatAreAssignedToOthers() {
        poll(BOTH, BOTH, Map.of(ROLLOUTS, 5_000L));
        poll(Set.of(VERDICTS), Set.of(), Map.of(ROLLOUTS, 5_000L));

        assertThat(backlogs.of(ROLLOUTS)).isZero();
    }
}
