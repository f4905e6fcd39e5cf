package io.sppostream.history.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class EncodedRecordTest {
    private final SmallLog log = new SmallLog();
    private final TrainingSample sample = TrainingSample.newBuilder(
                    log.samples.get(0).event())
            .setFurtherVerdicts(List.of(SmallLog.verdict("r1"), SmallLog.verdict("r2")))
            .build();

    @Test
    void shouldFindTheRecordsWithinARecord() {
        for (EncodedRecord encoded : List.of(plain(sample), inBlocks(sample))) {
            assertThat(encoded.to()).isEqualTo(encoded.bytes().length);
            assertThat(encoded.record("rollout").string("rolloutId")).isEqualTo("r0/0");
            assertThat(encoded.record("rollout").string("text")).isEqualTo("2");
            assertThat(encoded.record("verdict").string("verifier")).isEqualTo("exact");
            assertThat(Stream.ofNullable(encoded.optional("value")))
                    .extracting(value -> value.string("criticSha256"))
                    .containsExactly("critic-0");
            assertThat(encoded.records("furtherVerdicts"))
                    .extracting(verdict -> verdict.string("rolloutId"))
                    .containsExactly("r1/0", "r2/0");
        }
        assertThat(plain(TrainingSample.newBuilder(sample).setValue(null).build())
                        .optional("value"))
                .isNull();
    }

    @Test
    void shouldHaveTheDigestsOfItsPartsOnTheirTopics() {
        EncodedRecord encoded = plain(sample);
        EventEncoding<Rollout> rollouts = new EventEncoding<>(Rollout.class);
        EventEncoding<Verdict> verdicts = new EventEncoding<>(Verdict.class);
        EventEncoding<Value> values = new EventEncoding<>(Value.class);

        assertThat(rollouts.digest(encoded.record("rollout")))
                .isEqualTo(rollouts.digest(plain(sample.getRollout())))
                .isNotEqualTo(rollouts.digest(plain(log.rollouts.get(1).event())));
        assertThat(verdicts.digest(encoded.record("verdict"))).isEqualTo(verdicts.digest(plain(sample.getVerdict())));
        assertThat(Stream.ofNullable(encoded.optional("value")).map(values::digest))
                .containsExactly(values.digest(plain(log.values.get(0).event())));
    }

    @Test
    void shouldHaveTheSameDigestHoweverItsArraysAreWritten() {
        Rollout rollout = sample.getRollout();
        EventEncoding<Rollout> rollouts = new EventEncoding<>(Rollout.class);

        assertThat(plain(rollout).isPlain()).isTrue();
        assertThat(inBlocks(rollout).isPlain()).isFalse();
        assertThat(inBlocks(rollout).bytes()).isNotEqualTo(plain(rollout).bytes());
        assertThat(rollouts.digest(inBlocks(rollout))).isEqualTo(rollouts.digest(plain(rollout)));
    }

    @Test
    void shouldRefuseBytesThatEndWithinIt() {
        EncodedRecord encoded = plain(sample);
        for (int length = 0; length < encoded.to(); length++) {
            byte[] cut = Arrays.copyOf(encoded.bytes(), length);
            assertThatThrownBy(() -> new EncodedRecord(sample.getSchema(), cut, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    private static EncodedRecord plain(SpecificRecord event) {
        return encoded(event, false);
    }

    /** Encoded with the length of each block of an array, as writers in other languages may do. */
    private static EncodedRecord inBlocks(SpecificRecord event) {
        return encoded(event, true);
    }

    private static EncodedRecord encoded(SpecificRecord event, boolean blocks) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            BinaryEncoder encoder = blocks
                    ? EncoderFactory.get().blockingBinaryEncoder(bytes, null)
                    : EncoderFactory.get().binaryEncoder(bytes, null);
            new SpecificDatumWriter<SpecificRecord>(event.getSchema()).write(event, encoder);
            encoder.flush();
            return new EncodedRecord(event.getSchema(), bytes.toByteArray(), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
