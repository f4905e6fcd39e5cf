package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class PublishToLiveTest {
    private final TrainableModel model = new HashModel(1);
    private final PublishToLive live = new PublishToLive();

    private void published(int version, double second) {
        live.published(new WeightsManifest(
                version,
                version - 1,
                version,
                "",
                WeightsEncoding.FULL,
                0L,
                0,
                0L,
                "{}",
                null,
                at(second),
                null,
                List.of()));
    }

    private static Instant at(double second) {
        return Instant.ofEpochMilli(Math.round(second * 1_000));
    }

    private static TrainingSample sampled(int version, double second) {
        return TestEvents.sample(1, version, TestEvents.value(1, 0), at(second));
    }

    private OptionalDouble seconds(TrainingSample... samples) {
        return live.seconds(model, List.of(samples));
    }

    @Test
    void shouldAverageTheFirstUseOfEachVersion() {
        published(1, 10);
        published(2, 20);
        // version 1 after 1.5 s, version 2 after 4.5 s
        assertThat(seconds(sampled(1, 13), sampled(2, 24.5), sampled(1, 11.5), sampled(2, 30)))
                .hasValueCloseTo(3.0, within(1e-9));
    }

    @Test
    void shouldCountAVersionOnce() {
        published(1, 10);
        assertThat(seconds(sampled(1, 11))).hasValueCloseTo(1.0, within(1e-9));
        assertThat(seconds(sampled(1, 15))).isEmpty();
    }

    @Test
    void shouldForgetVersionsWhenTheyWereSkipped() {
        published(1, 10);
        published(2, 20);
        published(3, 30);
        assertThat(seconds(sampled(2, 22))).hasValueCloseTo(2.0, within(1e-9));
        assertThat(seconds(sampled(1, 40))).isEmpty();
        assertThat(seconds(sampled(3, 31))).hasValueCloseTo(1.0, within(1e-9));
    }

    @Test
    void shouldBeEmptyWhenAnotherLearnerPublishedTheVersions() {
        published(5, 10);
        assertThat(seconds(sampled(4, 11))).isEmpty();
        assertThat(seconds()).isEmpty();
        assertThat(seconds(sampled(5, 12))).hasValueCloseTo(2.0, within(1e-9));
    }
}
