package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.RejectedRollout;
import io.sppostream.events.Value;
import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of numbers, which the codec does not decode at once; other values are in {@link EventSerdesTest}. */
class EventCodecTest {
    private final EventCodec<RejectedRollout> ints = new EventCodec<>(RejectedRollout.class);
    private final EventCodec<Value> floats = new EventCodec<>(Value.class);
    private final Random random = new Random(1);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 65, 1_000})
    void shouldReadAndWriteIntsAsAvroDoesWhateverTheirBytes(int count) throws Exception {
        List<Integer> values = ints(count);
        RejectedRollout event = new RejectedRollout("q/0", values);
        byte[] bytes = avro(event);

        RejectedRollout read = ints.read(bytes, 0);

        assertThat(ints.write(read)).isEqualTo(bytes);
        assertThat(read).isEqualTo(event);
        assertThat(IntList.toArray(read.getResponseTokens()))
                .containsExactly(values.stream().mapToInt(i -> i).toArray());
        assertThat(ints.write(read)).isEqualTo(bytes);
        assertThat(ints.write(event)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 65, 1_000})
    void shouldReadAndWriteFloatsAsAvroDoes(int count) throws Exception {
        Value event = value(floats(count));
        byte[] bytes = avro(event);

        Value read = floats.read(bytes, 0);

        assertThat(floats.write(read)).isEqualTo(bytes);
        assertThat(read).isEqualTo(event);
        assertThat(FloatList.from(read.getTokenValues())).isEqualTo(event.getTokenValues());
        assertThat(floats.write(event)).isEqualTo(bytes);
    }

    @Test
    void shouldReadListsOfSeveralBlocksWhenAnotherProgramWritesThem() throws Exception {
        RejectedRollout ofInts = new RejectedRollout("q/0", ints(1_000));
        Value ofFloats = value(floats(1_000));

        assertThat(ints.read(blocks(ofInts), 0)).isEqualTo(ofInts);
        assertThat(floats.read(blocks(ofFloats), 0)).isEqualTo(ofFloats);
    }

    @Test
    void shouldRefuseIntsAtOnceWhenOneIsNotWhole() throws Exception {
        byte[] good = avro(new RejectedRollout("q/0", ints(1_000)));

        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> ints.read(cut, 0)).isInstanceOf(EOFException.class);
        }
        for (int at = good.length - 2_000; at < good.length - 1_990; at++) {
            byte[] endless = good.clone();
            Arrays.fill(endless, at, at + 6, (byte) 0xFF);
            assertThatThrownBy(() -> ints.read(endless, 0))
                    .isInstanceOf(AvroRuntimeException.class)
                    .hasMessage("a number has too many bytes");
        }
    }

    /** Of 1 to 5 bytes, in any order. */
    private List<Integer> ints(int count) {
        List<Integer> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(random.nextInt() >> random.nextInt(Integer.SIZE));
        }
        return values;
    }

    private List<Float> floats(int count) {
        List<Float> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(random.nextFloat() - 1);
        }
        return values;
    }

    private static Value value(List<Float> ofTokens) {
        return Value.newBuilder()
                .setRequestId("q")
                .setCriticVersion(0)
                .setCriticSha256("")
                .setLogit(0)
                .setProbability(0.5)
                .setScoredAt(Instant.EPOCH)
                .setTokenValues(ofTokens)
                .build();
    }

    private static byte[] avro(SpecificRecord event) throws IOException {
        return encoded(event, bytes -> EncoderFactory.get().binaryEncoder(bytes, null));
    }

    /** With arrays in blocks of up to 512 bytes. */
    private static byte[] blocks(SpecificRecord event) throws IOException {
        return encoded(
                event, bytes -> new EncoderFactory().configureBlockSize(512).blockingBinaryEncoder(bytes, null));
    }

    private static byte[] encoded(SpecificRecord event, Function<OutputStream, BinaryEncoder> to) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = to.apply(bytes);
        new SpecificDatumWriter<>(event.getSchema()).write(event, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }
}
