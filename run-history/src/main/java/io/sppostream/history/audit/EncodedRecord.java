package io.sppostream.history.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * An Avro record in its encoding, and where each of its fields lies there. Fields are read without decoding the others.
 */
final class EncodedRecord {
    private final Schema schema;
    private final byte[] bytes;

    /** The index of each field's first byte; the last entry is the index after the record. */
    private final int[] starts;

    /** Whether each field has one possible encoding only. */
    private final boolean[] plain;

    /**
     * Finds the fields of a record.
     *
     * @param from index of its first byte
     * @throws IndexOutOfBoundsException if the bytes end within the record
     */
    EncodedRecord(Schema schema, byte[] bytes, int from) {
        this.schema = schema;
        this.bytes = bytes;
        int fields = schema.getFields().size();
        this.starts = new int[fields + 1];
        this.plain = new boolean[fields];
        AvroCursor cursor = new AvroCursor(bytes, from);
        for (int field = 0; field < fields; field++) {
            starts[field] = cursor.position();
            cursor.skip(schema.getFields().get(field).schema());
            plain[field] = cursor.isPlain();
        }
        starts[fields] = cursor.position();
    }

    byte[] bytes() {
        return bytes;
    }

    int from() {
        return starts[0];
    }

    int to() {
        return starts[starts.length - 1];
    }

    /**
     * Whether equal records have equal bytes. They may differ if an array is written in several blocks, or a map has
     * several entries.
     */
    boolean isPlain() {
        return plain[plain.length - 1];
    }

    /** The value of a field of type string. */
    String string(String field) {
        AvroCursor cursor = new AvroCursor(bytes, starts[position(field)]);
        int length = Math.toIntExact(cursor.readLong());
        return new String(bytes, cursor.position(), length, UTF_8);
    }

    /** The value of a field whose type is a record. */
    EncodedRecord record(String field) {
        return new EncodedRecord(schema.getFields().get(position(field)).schema(), bytes, starts[position(field)]);
    }

    /** The elements of a field whose type is an array of records. */
    List<EncodedRecord> records(String field) {
        Schema element = schema.getFields().get(position(field)).schema().getElementType();
        List<EncodedRecord> records = new ArrayList<>();
        AvroCursor cursor = new AvroCursor(bytes, starts[position(field)]);
        for (long left = cursor.readBlock(); left != 0; left = cursor.readBlock()) {
            for (; left > 0; left--) {
                records.add(new EncodedRecord(element, bytes, cursor.position()));
                cursor.skip(element);
            }
        }
        return records;
    }

    /** The record in a field of type null or record; null if there is none. */
    @Nullable
    EncodedRecord optional(String field) {
        List<Schema> branches = schema.getFields().get(position(field)).schema().getTypes();
        AvroCursor cursor = new AvroCursor(bytes, starts[position(field)]);
        Schema branch = branches.get((int) cursor.readLong());
        return branch.getType() == Schema.Type.NULL ? null : new EncodedRecord(branch, bytes, cursor.position());
    }

    private int position(String field) {
        return Objects.requireNonNull(schema.getField(field), field).pos();
    }
}
