package io.sppostream.history.audit;

import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.VerdictRules;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.TreeMap;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/**
 * The Avro encoding of events of one type in this program's schema, and its digest: the first 64 bits of its SHA-256. Not
 * thread-safe.
 */
final class EventEncoding<V extends SpecificRecord> {
    private final Class<V> type;
    private final SpecificDatumReader<V> reader;
    private final SpecificDatumWriter<V> writer;
    private final MessageDigest sha256 = Hashes.sha256();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 10);
    private final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);

    EventEncoding(Class<V> type) {
        this.type = type;
        SpecificData model = SpecificData.getForClass(type);
        this.reader = new SpecificDatumReader<>(model.getSchema(type), model.getSchema(type), model);
        this.writer = new SpecificDatumWriter<>(model.getSchema(type), model);
    }

    /** The encoding of an event. */
    byte[] of(V event) {
        bytes.reset();
        try {
            writer.write(event, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The digest of an event; equal for events whose fields are bit-identical. */
    long digest(EncodedRecord event) {
        if (event.isPlain() && (type != Verdict.class || event.to() - event.from() <= VerdictRules.MAX_RULE)) {
            sha256.update(event.bytes(), event.from(), event.to() - event.from());
        } else {
            sha256.update(of(normal(decode(event))));
        }
        return ByteBuffer.wrap(sha256.digest()).getLong();
    }

    private V decode(EncodedRecord event) {
        try {
            return reader.read(
                    null,
                    DecoderFactory.get().binaryDecoder(event.bytes(), event.from(), event.to() - event.from(), null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A verdict as the join takes it, with its map in a defined order: Avro encodes maps in their iteration order. */
    private V normal(V event) {
        if (event instanceof Verdict verdict) {
            Verdict bounded = VerdictRules.bounded(verdict);
            return type.cast(Verdict.newBuilder(bounded)
                    .setSettings(new TreeMap<>(bounded.getSettings()))
                    .build());
        }
        return event;
    }
}
