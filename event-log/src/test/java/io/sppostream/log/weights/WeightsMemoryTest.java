package io.sppostream.log.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.OptimizerState;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * The copies of weights that a follower holds, measured on the heap after collections. {@code -Dweights.parameters=30000000}
 * prints the peak for a model of that size.
 */
class WeightsMemoryTest {
    private static final int PARAMETERS = Integer.getInteger("weights.parameters", 3_000_000);

    private final AtomicLong peak = new AtomicLong();
    private final AtomicInteger polls = new AtomicInteger();

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void shouldHoldOneCopyOfTheWeights() {
        int pieces = PARAMETERS / (GeneratedWeights.PIECE / Float.BYTES) + 1;
        GeneratedWeights weights = new GeneratedWeights(pieces, 3, () -> {
            if (polls.incrementAndGet() % Math.max(1, pieces / 2) == 0) {
                peak.accumulateAndGet(used(), Math::max);
            }
        });
        try (WeightsFollower warm = new WeightsFollower(weights.runLog(), ModelKind.POLICY)) {
            warm.fetch(weights.manifest(1), WeightsMemoryTest::drain);
        }
        peak.set(0);
        long before = used();
        try (WeightsFollower log = new WeightsFollower(weights.runLog(), ModelKind.POLICY)) {
            WeightsManifest snapshot = weights.manifest(1);
            OptimizerState state = Objects.requireNonNull(snapshot.getOptimizer());
            log.fetch(snapshot, WeightsMemoryTest::drain);
            log.fetchOptimizer(snapshot, state, WeightsMemoryTest::drain);
            log.fetch(weights.manifest(2), WeightsMemoryTest::drain);
            log.fetch(weights.manifest(3), WeightsMemoryTest::drain);
        }
        double copy = (double) pieces * GeneratedWeights.PIECE;
        double copies = (peak.get() - before) / copy;
        String measured = String.format(
                Locale.ROOT,
                "%,d parameters, %.0f MB: %.0f MB at the peak, %.2f copies",
                PARAMETERS,
                copy / 1e6,
                (peak.get() - before) / 1e6,
                copies);
        if (System.getProperty("weights.parameters") != null) {
            System.out.println(measured);
        }
        assertThat(copies).as(measured).isLessThan(1.6);
    }

    private static void drain(ReadableByteChannel in) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        while (in.read(buffer) >= 0) {
            buffer.clear();
        }
    }
}
