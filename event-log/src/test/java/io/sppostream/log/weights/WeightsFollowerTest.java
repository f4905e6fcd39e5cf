package io.sppostream.log.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.OptimizerState;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.LogException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WeightsFollowerTest {
    private static final int PIECES = 4;

    private final AtomicLong now = new AtomicLong();
    private final GeneratedWeights weights = new GeneratedWeights(
            PIECES, 3, () -> now.addAndGet(Duration.ofSeconds(20).toNanos()));

    private WeightsFollower follower() {
        return new WeightsFollower(weights.runLog(), ModelKind.POLICY, 0, now::get);
    }

    private void verify(ReadableByteChannel in, int version, int firstIndex, int count) throws IOException {
        InputStream stream = Channels.newInputStream(in);
        for (int index = 0; index < count; index++) {
            assertThat(stream.readNBytes(GeneratedWeights.PIECE)).isEqualTo(weights.piece(version, firstIndex + index));
        }
        assertThat(stream.read()).isEqualTo(-1);
    }

    @Test
    void shouldFetchAFileThatTakesLongWhenItsChunksKeepArriving() {
        try (WeightsFollower log = follower()) {
            for (int version = 1; version <= 3; version++) {
                int wanted = version;
                assertThat(log.fetch(weights.manifest(version), in -> verify(in, wanted, 0, PIECES)))
                        .isTrue();
            }
        }
        assertThat(now.get()).isGreaterThan(Duration.ofMinutes(2).toNanos());
    }

    @Test
    void shouldSayHowFarItCameWhenNoMoreChunksArrive() {
        weights.stalledFrom = 3;
        try (WeightsFollower log = follower()) {
            assertThatThrownBy(() -> log.fetch(weights.manifest(1), in -> {}))
                    .isInstanceOf(LogException.class)
                    .hasMessage(
                            "generated.policy-weights.v1: version 1 can't be read: found 3 of 4 chunks, and no other"
                                    + " within 30 s");
        }
    }

    @Test
    void shouldBeginWithAFullVersionWhenAFetchHasFailedHalfWay() {
        try (WeightsFollower log = follower()) {
            log.fetch(weights.manifest(1), in -> {});
            weights.stalledFrom = weights.manifest(2).getFirstChunkOffset() + 2;
            assertThatThrownBy(() -> log.fetch(weights.manifest(2), in -> {})).isInstanceOf(LogException.class);
            weights.stalledFrom = Long.MAX_VALUE;
            assertThat(log.fetch(weights.manifest(3), in -> verify(in, 3, 0, PIECES)))
                    .isTrue();
        }
    }

    @Test
    void shouldPassOnTheOptimizersStateAsItArrives() {
        WeightsManifest snapshot = weights.manifest(1);
        OptimizerState state = Objects.requireNonNull(snapshot.getOptimizer());
        AtomicInteger polls = new AtomicInteger();
        GeneratedWeights counted = new GeneratedWeights(PIECES, 1, polls::incrementAndGet);
        try (WeightsFollower log = new WeightsFollower(counted.runLog(), ModelKind.POLICY)) {
            assertThat(log.fetchOptimizer(snapshot, state, in -> {
                        assertThat(polls).hasValue(1);
                        verify(in, 1, PIECES, 2 * PIECES);
                    }))
                    .isTrue();
        }
    }
}
