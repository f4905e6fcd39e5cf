package io.sppostream.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SeedsTest {

    /** Computed by another program. Other seeds would make old runs sample other responses. */
    @ParameterizedTest
    @CsvSource({
        "1, '0000000000', 0, -922929320185416500",
        "1, '0000000000', 1, -7762626419314005187",
        "1, '0000000001', 0, 398870968002779679",
        "2, '0000000000', 0, 4151363975721786729",
        "-1, '', 0, 4922461756044938104",
        "9223372036854775807, '\u00e9', 7, 5896573468942748238"
    })
    void shouldKeepItsSeeds(long runSeed, String requestId, int sample, long seed) {
        assertThat(Seeds.of(runSeed, requestId, sample)).isEqualTo(seed);
    }

    @Test
    void shouldDifferWhenRunRequestOrSampleDiffers() {
        Set<Long> seeds = new HashSet<>();
        for (long run = -2; run < 3; run++) {
            for (int request = 0; request < 1_000; request++) {
                for (int sample = 0; sample < 8; sample++) {
                    seeds.add(Seeds.of(run, String.format("%010d", request), sample));
                }
            }
        }
        assertThat(seeds).hasSize(5 * 1_000 * 8);
    }

    /** Seeds of neighbouring samples differ in half of their bits, as independent ones do. */
    @Test
    void shouldFlipHalfOfTheBitsWhenTheSampleChanges() {
        double differing = 0;
        int pairs = 2_000;
        for (int i = 0; i < pairs; i++) {
            String request = Integer.toString(i);
            differing += (double) Long.bitCount(Seeds.of(1, request, 0) ^ Seeds.of(1, request, 1)) / pairs;
        }
        assertThat(differing).isCloseTo(32, within(0.5));
    }
}
