package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.model.ModelSettings.Precision;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Bfloat16BufferTest {
    private static final PolicyModel MODEL = PolicyModel.random(TestModels.POLICY, 1, ModelSettings.cpu());

    /** The bits of 32-bit floats, and what {@code torch.tensor(x).to(torch.bfloat16)} makes of them. */
    @ParameterizedTest
    @CsvSource({
        "00000000, 0000",
        "80000000, 8000",
        "3f800000, 3f80",
        "3f807fff, 3f80",
        "3f808000, 3f80", // a tie to the even neighbour below
        "3f808001, 3f81",
        "3f818000, 3f82", // a tie to the even neighbour above
        "7f7fffff, 7f80", // the largest float becomes infinite
        "7f800000, 7f80",
        "ff800000, ff80",
        "7f800001, 7fc0", // NaN stays NaN
        "00000001, 0000",
        "00008001, 0001",
    })
    void shouldRoundToTheNearestAndTiesToEven(String bits, String rounded) {
        assertThat(Bfloat16Buffer.round((int) Long.parseLong(bits, 16)))
                .isEqualTo((short) Integer.parseInt(rounded, 16));
    }

    @Test
    void shouldReplaceOnlyThoseFloatsThatDoNotRoundToTheStoredValue() {
        Bfloat16Buffer buffer = new Bfloat16Buffer();
        buffer.bytes().clear();
        buffer.bytes().putShort((short) 0x3f80).putShort((short) 0x3f80).flip();
        ByteBuffer window = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        window.putInt(0, 0x3f801234).putInt(4, 0x40000001);

        buffer.widen(window, true);

        assertThat(window.hasRemaining()).isFalse();
        assertThat(window.getInt(0)).isEqualTo(0x3f801234);
        assertThat(window.getInt(4)).isEqualTo(0x3f800000);
    }

    @Test
    void shouldWriteTheRoundedWeightsAndReadThemBack() throws IOException {
        byte[] exact = write(MODEL, Precision.FLOAT32);
        byte[] rounded = write(MODEL, Precision.BFLOAT16);

        assertThat(rounded.length).isLessThan(exact.length * 6 / 10);
        try (PolicyModel same = MODEL.copy();
                PolicyModel other = PolicyModel.random(TestModels.POLICY, 2, ModelSettings.cpu())) {
            same.readRoundedWeights(Channels.newChannel(new ByteArrayInputStream(rounded)));
            other.readWeights(Channels.newChannel(new ByteArrayInputStream(rounded)));
            assertThat(write(same, Precision.FLOAT32))
                    .as("weights that round to the file's stay")
                    .isEqualTo(exact);
            byte[] widened = write(other, Precision.FLOAT32);
            assertThat(Arrays.equals(widened, exact)).isFalse();
            assertThat(write(other, Precision.BFLOAT16)).isEqualTo(rounded);
            other.readRoundedWeights(Channels.newChannel(new ByteArrayInputStream(exact)));
            assertThat(write(other, Precision.FLOAT32))
                    .as("a file in F32 replaces all")
                    .isEqualTo(exact);
        }
    }

    private static byte[] write(PolicyModel model, Precision precision) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        model.writeWeights(Channels.newChannel(bytes), precision);
        return bytes.toByteArray();
    }
}
