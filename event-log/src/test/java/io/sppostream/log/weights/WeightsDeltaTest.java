package io.sppostream.log.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.LogException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsDeltaTest {
    private final SplittableRandom random = new SplittableRandom(1);

    private byte[] noise(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Weights of deviation 0.05, and what a step of a rate makes of them. */
    private static byte[] weights(int count, double rate) {
        SplittableRandom random = new SplittableRandom(2);
        ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putFloat((float) (0.05 * random.nextGaussian() + rate * random.nextDouble(-1, 1)));
        }
        return bytes.array();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 7, 64, 1_001, 512 << 10})
    void shouldMakeTheSameBitsWhateverTheyAre(int length) {
        byte[] from = noise(length);
        byte[] to = noise(length);
        assertThat(WeightsDelta.decode(from, WeightsDelta.encode(from, to))).isEqualTo(to);
        assertThat(WeightsDelta.decode(to, WeightsDelta.encode(to, to))).isEqualTo(to);
    }

    @Test
    void shouldBeSmallerWhereAStepWasSmaller() {
        int count = 100_000;
        byte[] from = weights(count, 0);
        assertThat(WeightsDelta.encode(from, from)).hasSizeLessThan(100);
        assertThat(WeightsDelta.encode(from, weights(count, 1e-6))).hasSizeLessThan(count * 4 / 2);
        assertThat(WeightsDelta.encode(from, weights(count, 5e-4))).hasSizeLessThan(count * 4 * 9 / 10);
    }

    @Test
    void shouldRefuseWhatIsDamagedOrOfAnotherLength() {
        byte[] from = noise(4_000);
        byte[] delta = WeightsDelta.encode(from, noise(4_000));
        assertThatThrownBy(() -> WeightsDelta.decode(noise(3_996), delta)).isInstanceOf(LogException.class);
        assertThatThrownBy(() -> WeightsDelta.decode(noise(4_004), delta))
                .isInstanceOf(LogException.class)
                .hasMessageContaining("4000 bytes, not for 4004");
        delta[0] ^= 1;
        assertThatThrownBy(() -> WeightsDelta.decode(from, delta)).isInstanceOf(LogException.class);
    }
}
