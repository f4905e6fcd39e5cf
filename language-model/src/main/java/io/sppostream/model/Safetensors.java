package io.sppostream.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/**
 * The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes, all little-endian.
 *
 * <p>DJL has a reader as well, but it aborts the JVM on bfloat16. Stateless.
 */
final class Safetensors {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METADATA = "__metadata__";
    private static final int LONGEST_HEADER = 100_000_000;

    private Safetensors() {}

    /** How elements are stored. */
    enum Type {
        F32(4),
        F16(2),
        BF16(2),
        /** Codes of the optimizer's state; weights are floats. */
        U8(1);

        final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }
    }

    /**
     * A tensor in a file.
     *
     * @param begin first byte, from the start of the file
     */
    record Entry(String name, Type type, List<Long> shape, long begin) {

        long bytes() {
            return shape.stream().reduce((long) type.bytes, Math::multiplyExact);
        }
    }

    /** A tensor that is written to a file. */
    interface Source {

        String name();

        long[] shape();

        /** F32 or U8. */
        Type type();

        /** Passes the elements, in order, in windows of little-endian bytes. */
        void read(Tensors.Window window) throws IOException;
    }

    /** Elements of a shape. */
    static long count(long[] shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /**
     * Reads a header and leaves the channel at the first tensor.
     *
     * @param where names the file in messages
     * @return the tensors by position; together they fill the rest of the file without gaps or overlaps
     * @throws CheckpointException if the header is malformed or has element types other than F32, F16, BF16 and U8
     */
    static List<Entry> readHeader(ReadableByteChannel in, String where) throws IOException {
        return readHeader(in, Map.of(), where);
    }

    /** @param metadata what the file's metadata must hold */
    private static List<Entry> readHeader(ReadableByteChannel in, Map<String, String> metadata, String where)
            throws IOException {
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        readFully(in, length, where);
        long size = length.getLong(0);
        if (size < 2 || size > LONGEST_HEADER) {
            throw new CheckpointException(where + " is not a safetensors file: its header would have "
                    + Long.toUnsignedString(size) + " bytes");
        }
        ByteBuffer header = ByteBuffer.allocate((int) size);
        readFully(in, header, where);
        List<Entry> entries = new ArrayList<>();
        try {
            JsonNode json = JSON.readTree(new String(header.array(), StandardCharsets.UTF_8));
            metadata.forEach((name, value) ->
                    requireMetadata(name, json.path(METADATA).path(name).asText("none"), value, where));
            for (Map.Entry<String, JsonNode> field : json.properties()) {
                if (!field.getKey().equals(METADATA)) {
                    entries.add(entry(field.getKey(), field.getValue(), 8 + size, where));
                }
            }
        } catch (JsonProcessingException e) {
            throw new CheckpointException(where + ": the safetensors header is not JSON: " + e.getOriginalMessage(), e);
        }
        entries.sort(Comparator.comparingLong(Entry::begin));
        long at = 8 + size;
        for (Entry entry : entries) {
            if (entry.begin() != at) {
                throw new CheckpointException(where + ": tensor " + entry.name() + " begins at byte " + entry.begin()
                        + ", the one before it ends at " + at + "; the file is corrupt");
            }
            at += entry.bytes();
        }
        return entries;
    }

    private static void requireMetadata(String name, String value, String expected, String where) {
        if (!value.equals(expected)) {
            throw new CheckpointException(
                    where + " has the metadata " + name + " = " + value + ", this model needs " + expected);
        }
    }

    private static Entry entry(String name, JsonNode json, long data, String where) {
        String dtype = json.path("dtype").asText();
        Type type = Arrays.stream(Type.values())
                .filter(each -> each.name().equals(dtype))
                .findFirst()
                .orElseThrow(() -> new CheckpointException(where + ": tensor " + name + " is stored as '" + dtype
                        + "'; only F32, F16 and BF16 are supported"));
        long[] shape = longs(json.path("shape"));
        long[] offsets = longs(json.path("data_offsets"));
        if (Arrays.stream(shape).anyMatch(each -> each < 0)
                || offsets.length != 2
                || offsets[0] < 0
                || offsets[1] - offsets[0] != count(shape) * type.bytes) {
            throw new CheckpointException(where + ": shape and offsets of tensor " + name + " don't agree: " + json
                    + "; the file is corrupt");
        }
        return new Entry(name, type, Arrays.stream(shape).boxed().toList(), data + offsets[0]);
    }

    private static long[] longs(JsonNode array) {
        long[] values = new long[array.size()];
        Arrays.setAll(values, i -> array.get(i).asLong(-1));
        return values;
    }

    /**
     * Writes tensors in the given order, as F32, or as U8 if they are bytes. The bytes depend only on names, shapes, values
     * and metadata.
     *
     * @param out stays open
     */
    static void write(WritableByteChannel out, List<? extends Source> tensors) throws IOException {
        write(out, tensors, Collections.emptySortedMap());
    }

    /** @param metadata what the file says besides its tensors */
    static void write(WritableByteChannel out, List<? extends Source> tensors, SortedMap<String, String> metadata)
            throws IOException {
        write(out, tensors, metadata, Type.F32);
    }

    /** @param floats F32, or BF16 to round each float to the nearest, ties to even */
    static void write(
            WritableByteChannel out, List<? extends Source> tensors, SortedMap<String, String> metadata, Type floats)
            throws IOException {
        ObjectNode json = JSON.createObjectNode();
        ObjectNode about = json.putObject(METADATA).put("format", "pt");
        metadata.forEach(about::put);
        long at = 0;
        for (Source tensor : tensors) {
            ObjectNode entry = json.putObject(tensor.name());
            Type type = stored(tensor, floats);
            entry.put("dtype", type.name());
            ArrayNode shape = entry.putArray("shape");
            Arrays.stream(tensor.shape()).forEach(shape::add);
            long end = at + count(tensor.shape()) * type.bytes;
            entry.putArray("data_offsets").add(at).add(end);
            at = end;
        }
        byte[] text = JSON.writeValueAsBytes(json);
        // The data begins at a multiple of 64 bytes, a cache line, so that a mapped file can be used in place.
        int padded = (8 + text.length + 63) / 64 * 64 - 8;
        ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(text);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        writeFully(out, header.flip());
        Bfloat16Buffer narrow = new Bfloat16Buffer();
        for (Source tensor : tensors) {
            tensor.read(window -> {
                if (stored(tensor, floats) == tensor.type()) {
                    writeFully(out, window);
                } else {
                    while (window.hasRemaining()) {
                        writeFully(out, narrow.round(window));
                    }
                }
            });
        }
    }

    private static Type stored(Source tensor, Type floats) {
        return tensor.type() == Type.F32 ? floats : tensor.type();
    }

    /** SHA-256, in hexadecimal, of the file that {@link #write(WritableByteChannel, List)} writes. */
    static String sha256(List<? extends Source> tensors) {
        try (DigestOutputStream digest =
                new DigestOutputStream(OutputStream.nullOutputStream(), MessageDigest.getInstance("SHA-256"))) {
            write(Channels.newChannel(digest), tensors);
            return HexFormat.of().formatHex(digest.getMessageDigest().digest());
        } catch (IOException e) {
            throw new UncheckedIOException("Can't read weights", e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Replaces tensors in place with those of a stream, which must have the same names and shapes, in any order.
     *
     * @param in read up to its last tensor, not closed
     * @param where names the stream in messages
     * @throws CheckpointException if the stream has other tensors, which leaves these unchanged, or ends early, which
     *     leaves them partly replaced
     */
    static void read(ReadableByteChannel in, List<NamedSlice> slices, String where) throws IOException {
        read(in, slices, Map.of(), where);
    }

    /** @param metadata what the stream's metadata must hold; other metadata leaves the tensors unchanged, too */
    static void read(ReadableByteChannel in, List<NamedSlice> slices, Map<String, String> metadata, String where)
            throws IOException {
        read(in, slices, metadata, where, false);
    }

    /** @param keepRounded whether a float stays as it is if it rounds to the bfloat16 of the stream */
    static void read(
            ReadableByteChannel in,
            List<NamedSlice> slices,
            Map<String, String> metadata,
            String where,
            boolean keepRounded)
            throws IOException {
        Map<String, NamedSlice> missing = new HashMap<>();
        slices.forEach(slice -> missing.put(slice.name(), slice));
        List<Entry> entries = readHeader(in, metadata, where);
        List<NamedSlice> targets = new ArrayList<>();
        for (Entry entry : entries) {
            NamedSlice slice = missing.remove(entry.name());
            if (slice == null) {
                throw new CheckpointException(where + " holds an unexpected tensor " + entry.name());
            }
            if (slice.type() == Type.U8 && entry.type() != Type.U8) {
                throw new CheckpointException(where + ": tensor " + entry.name() + " is stored as " + entry.type()
                        + ", the state is kept in 8 bits");
            }
            if (slice.type() == Type.F32) {
                requireFloats(entry, where);
            }
            requireShape(entry, slice.shape(), where);
            targets.add(slice);
        }
        if (!missing.isEmpty()) {
            throw new CheckpointException(where + " lacks the tensors "
                    + missing.keySet().stream().sorted().toList());
        }
        Bfloat16Buffer narrow = new Bfloat16Buffer();
        ByteBuffer halves = narrow.bytes();
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            NamedSlice slice = targets.get(i);
            slice.fill(window -> {
                if (entry.type() == slice.type()) {
                    readFully(in, window, where);
                } else {
                    while (window.hasRemaining()) {
                        halves.clear().limit(Math.min(halves.capacity(), window.remaining() / 2));
                        readFully(in, halves, where);
                        halves.flip();
                        if (entry.type() == Type.BF16) {
                            narrow.widen(window, keepRounded);
                        } else {
                            widen(entry.type(), halves, window);
                        }
                    }
                }
            });
        }
    }

    /** Fails if a tensor of a file is not stored as floats. */
    static void requireFloats(Entry entry, String where) {
        if (entry.type() == Type.U8) {
            throw new CheckpointException(
                    where + ": tensor " + entry.name() + " is stored as 'U8'; only F32, F16 and BF16 are supported");
        }
    }

    /** Fails if a tensor of a file does not have the shape that the model needs. */
    static void requireShape(Entry entry, long[] shape, String where) {
        if (!entry.shape().equals(Arrays.stream(shape).boxed().toList())) {
            throw new CheckpointException(String.format(
                    Locale.ROOT,
                    "%s: tensor %s has the shape %s, the configuration asks for %s",
                    where,
                    entry.name(),
                    entry.shape(),
                    Arrays.toString(shape)));
        }
    }

    /** Converts stored elements to 32-bit floats and appends them. The source is consumed. */
    static void widen(Type type, ByteBuffer source, ByteBuffer target) {
        switch (type) {
            case F32, U8 -> target.put(source);
            case BF16 -> {
                while (source.hasRemaining()) {
                    target.putInt(source.getShort() << 16);
                }
            }
            case F16 -> {
                while (source.hasRemaining()) {
                    target.putFloat(widenHalf(source.getShort()));
                }
            }
        }
    }

    /** IEEE 754 binary16 to binary32, exactly. */
    static float widenHalf(short half) {
        int sign = half >>> 15 << 31;
        int exponent = half >>> 10 & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0x1f) {
            return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
        }
        if (exponent == 0) {
            float magnitude = fraction * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
    }

    private static void readFully(ReadableByteChannel in, ByteBuffer buffer, String where) throws IOException {
        while (buffer.hasRemaining()) {
            if (in.read(buffer) < 0) {
                throw new CheckpointException(
                        where + " ends " + buffer.remaining() + " bytes early or more; the file is truncated");
            }
        }
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            out.write(buffer);
        }
    }
}
