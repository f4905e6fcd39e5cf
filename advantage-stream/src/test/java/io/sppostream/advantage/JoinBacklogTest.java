package io.sppostream.advantage;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.JoinState;
import io.sppostream.log.LogObserver;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What waits in the join, as an observer is told. */
class JoinBacklogTest {
    @TempDir
    private Path stateDirectory = Path.of("");

    private final Reports reports = new Reports();

    private static final class Reports implements LogObserver {
        private long rollouts;
        private Duration oldest = Duration.ZERO;

        @Override
        public void joinWaits(int partition, long waiting, Duration since) {
            rollouts = waiting;
            oldest = since;
        }
    }

    @Test
    void shouldCountRolloutsUntilTheySettle() {
        try (JoinDriver driver = new JoinDriver(stateDirectory, reports)) {
            driver.send(Events.rollout("r-1", 0, 1), Events.rollout("r-2", 0, 1), Events.value("r-1", 0.5));
            driver.advance(Duration.ofSeconds(3));
            assertThat(reports.rollouts).isEqualTo(2);
            assertThat(reports.oldest).isEqualTo(Duration.ofSeconds(3));

            driver.send(Events.verdict("r-1", 0, true));
            driver.advance(Duration.ofSeconds(1));
            assertThat(reports.rollouts).isEqualTo(1);

            driver.advance(Duration.ofMinutes(2));
            assertThat(reports.rollouts).isZero();
            assertThat(reports.oldest).isZero();
        }
    }

    @Test
    void shouldCountEachRolloutOnceWhenARecordIsADuplicate() {
        try (JoinDriver driver = new JoinDriver(stateDirectory, reports)) {
            driver.send(Events.rollout("r-1", 0, 1), Events.rollout("r-1", 0, 1), Events.verdict("r-1", 0, true));
            driver.advance(Duration.ofSeconds(1));

            assertThat(reports.rollouts).isEqualTo(1);
        }
    }

    @Test
    void shouldReportNothingMoreWhenThePartitionMovesAway() {
        try (JoinDriver driver = new JoinDriver(stateDirectory, reports)) {
            driver.send(Events.rollout("r-1", 0, 1));
            driver.advance(Duration.ofSeconds(1));
        }

        assertThat(reports.rollouts).isZero();
    }

    @Test
    void shouldCountWhatIsStoredAtTheStart() {
        KeyValueStore<String, byte[]> rollouts = store("rollouts", Serdes.ByteArray());
        KeyValueStore<String, JoinState> requests = store("requests", new StateSerde());
        rollouts.put("a/0", new byte[0]);
        rollouts.put("a/1", new byte[0]);
        rollouts.put("b/0", new byte[0]);
        requests.put("a", RequestState.closed(2_000));
        requests.put("b", RequestState.closed(1_000));
        JoinBacklog backlog = new JoinBacklog(reports, 0);

        backlog.restore(rollouts, requests);
        backlog.report(5_000);
        assertThat(reports.rollouts).isEqualTo(3);
        assertThat(reports.oldest).isEqualTo(Duration.ofSeconds(4));

        backlog.changed("b", 1, 0, 5_000);
        backlog.report(5_000);
        assertThat(reports.rollouts).isEqualTo(2);
        assertThat(reports.oldest).isEqualTo(Duration.ofSeconds(3));
    }

    private <V> KeyValueStore<String, V> store(String name, Serde<V> values) {
        KeyValueStore<String, V> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(name), Serdes.String(), values)
                .withLoggingDisabled()
                .build();
        MockProcessorContext<Void, Void> context = new MockProcessorContext<>();
        store.init(context.getStateStoreContext(), store);
        return store;
    }

    /** Keeps when a state was updated. */
    private static final class StateSerde extends Serdes.WrapperSerde<JoinState> {
        StateSerde() {
            super(
                    (topic, state) -> Serdes.Long()
                            .serializer()
                            .serialize(topic, state.getUpdatedAt().toEpochMilli()),
                    (topic, bytes) ->
                            RequestState.closed(Serdes.Long().deserializer().deserialize(topic, bytes)));
        }
    }
}
