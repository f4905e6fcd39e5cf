package io.sppostream.history.audit;

import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.VerdictRules;
import io.sppostream.log.EventCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;

/**
 * The digest of events of one type: the first 64 bits of the SHA-256 of their encoding in this program's schema. Not
 * thread-safe.
 */
final class EventEncoding<V extends SpecificRecord> {
    private final Class<V> type;
    private final EventCodec<V> codec;
    private final MessageDigest sha256 = Hashes.sha256();

    EventEncoding(Class<V> type) {
        this.type = type;
        this.codec = new EventCodec<>(type);
    }

    /** The digest of an event; equal for events whose fields are bit-identical. */
    long digest(EncodedRecord event) {
        if (event.isPlain() && (type != Verdict.class || event.to() - event.from() <= VerdictRules.MAX_RULE)) {
            sha256.update(event.bytes(), event.from(), event.to() - event.from());
        } else {
            sha256.update(codec.write(normal(decode(event))));
        }
        return ByteBuffer.wrap(sha256.digest()).getLong();
    }

    private V decode(EncodedRecord event) {
        try {
            return codec.read(event.bytes(), event.from());
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
