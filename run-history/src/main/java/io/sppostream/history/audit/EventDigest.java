package io.sppostream.history.audit;

import io.sppostream.events.catalogue.Hashes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/** Digests of events of one type: the first 64 bits of the SHA-256 of the Avro encoding. Not thread-safe. */
final class EventDigest<V extends SpecificRecord> {
    private final SpecificDatumWriter<V> writer;
    private final MessageDigest sha256 = Hashes.sha256();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 10);
    private final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);

    EventDigest(Class<V> type) {
        this.writer = new SpecificDatumWriter<>(type);
    }

    /** The digest of an event; equal for events whose fields are bit-identical. */
    long of(V event) {
        bytes.reset();
        try {
            writer.write(event, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ByteBuffer.wrap(sha256.digest(bytes.toByteArray())).getLong();
    }
}
