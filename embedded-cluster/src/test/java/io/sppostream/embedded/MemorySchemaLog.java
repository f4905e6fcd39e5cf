package io.sppostream.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The topic after compaction: the last value of every key in the order written, tombstones included. */
final class MemorySchemaLog implements SchemaLog {
    private final Map<String, @Nullable String> records = new LinkedHashMap<>();
    private boolean failing;

    /** The records, as lines of {@code key value}. */
    List<String> lines() {
        return records.entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue())
                .toList();
    }

    void put(String key, @Nullable String value) {
        records.remove(key);
        records.put(key, value);
    }

    void failFromNowOn() {
        failing = true;
    }

    @Override
    public void replay(Consumer<RegistryRecord> reader) {
        for (Map.Entry<String, @Nullable String> e : records.entrySet()) {
            try {
                reader.accept(RegistryRecordCodec.decode(e.getKey(), e.getValue()));
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }

    @Override
    public void append(List<RegistryRecord> more) {
        if (failing) {
            throw new EmbeddedException("the disk is full");
        }
        for (RegistryRecord record : more) {
            RegistryRecordCodec.Encoded encoded = RegistryRecordCodec.encode(record);
            put(encoded.key(), encoded.value());
        }
    }

    @Override
    public void close() {}
}
