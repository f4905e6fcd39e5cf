package io.sppostream.log;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.ResolvingDecoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Decodes events of other versions of their schema, resolved to this program's, without some of their fields: those are
 * skipped and have empty values. The classes that Avro generates have all fields, so a reader schema with fewer of them
 * would not do. Thread-safe.
 */
final class SparseReader<V extends SpecificRecord> extends SpecificDatumReader<V> {
    private final Set<String> unused;

    /** @param unused fields of type string, array or map, as {@code Record.field} */
    SparseReader(Class<V> type, Schema writer, Set<String> unused) {
        super(writer, SpecificData.getForClass(type).getSchema(type), model(type));
        this.unused = unused;
    }

    /** Avro's fast readers do not call {@link #readField}. */
    private static SpecificData model(Class<?> type) {
        SpecificData model = new SpecificData(type.getClassLoader());
        SpecificData.getForClass(type).getConversions().forEach(model::addLogicalTypeConversion);
        model.setFastReaderEnabled(false);
        return model;
    }

    /** Decodes an event from its Avro encoding, which begins at an index. */
    V read(byte[] bytes, int from) throws IOException {
        return read(null, DecoderFactory.get().binaryDecoder(bytes, from, bytes.length - from, null));
    }

    @Override
    protected void readField(
            Object record, Schema.Field field, @Nullable Object oldDatum, ResolvingDecoder in, @Nullable Object state)
            throws IOException {
        if (unused.contains(name(record, field))) {
            GenericDatumReader.skip(field.schema(), in);
            getSpecificData().setField(record, field.name(), field.pos(), empty(field.schema()));
        } else {
            super.readField(record, field, oldDatum, in, state);
        }
    }

    private static String name(Object record, Schema.Field field) {
        return record.getClass().getSimpleName() + "." + field.name();
    }

    /** The value of a field that is left out. */
    static Object empty(Schema schema) {
        return switch (schema.getType()) {
            case STRING -> "";
            case ARRAY -> List.of();
            case MAP -> Map.of();
            default -> throw new IllegalArgumentException("fields of type " + schema.getType() + " cannot be left out");
        };
    }
}
