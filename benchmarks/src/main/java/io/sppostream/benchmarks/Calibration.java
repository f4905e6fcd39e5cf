package io.sppostream.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.jspecify.annotations.Nullable;

/**
 * A fixed piece of work of the kind that the log does, with nothing of this project in it: Avro records with strings and
 * numbers, in a hash table. Its processor time is the unit of {@link Guard}: a faster machine does both faster, and other
 * work on the machine, which takes the caches, slows both down. For one thread.
 */
final class Calibration {
    private static final int RECORDS = 2_000;
    private static final int REPETITIONS = 4;
    private static final int NUMBERS = 32;

    private final Schema schema = SchemaBuilder.record("Calibration")
            .fields()
            .requiredString("id")
            .requiredString("text")
            .requiredLong("time")
            .requiredDouble("value")
            .name("tokens")
            .type()
            .array()
            .items()
            .intType()
            .noDefault()
            .name("numbers")
            .type()
            .array()
            .items()
            .floatType()
            .noDefault()
            .endRecord();
    private final GenericDatumWriter<GenericRecord> writer = new GenericDatumWriter<>(schema);
    private final GenericDatumReader<GenericRecord> reader = new GenericDatumReader<>(schema);
    private long checksum;

    /** Does the work once. */
    void run() {
        try {
            for (int repetition = 0; repetition < REPETITIONS; repetition++) {
                codeRecords(repetition);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void codeRecords(int repetition) throws IOException {
        Map<String, byte[]> table = new HashMap<>();
        BinaryEncoder encoder = null;
        for (int i = 0; i < RECORDS; i++) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            encoder = EncoderFactory.get().binaryEncoder(out, encoder);
            writer.write(record(i + repetition), encoder);
            encoder.flush();
            table.put("record-" + i, out.toByteArray());
        }
        BinaryDecoder decoder = null;
        GenericRecord reused = null;
        for (int i = 0; i < RECORDS; i++) {
            byte[] bytes = table.getOrDefault("record-" + i, new byte[0]);
            decoder = DecoderFactory.get().binaryDecoder(bytes, decoder);
            reused = read(reused, decoder);
            checksum = 31 * checksum + bytes.length + ((Long) reused.get("time"));
        }
    }

    private GenericRecord read(@Nullable GenericRecord reused, BinaryDecoder decoder) throws IOException {
        return reader.read(reused, decoder);
    }

    private GenericRecord record(int number) {
        List<Integer> tokens = new ArrayList<>(NUMBERS);
        List<Float> numbers = new ArrayList<>(NUMBERS);
        for (int i = 0; i < NUMBERS; i++) {
            tokens.add(number * i % 50_000);
            numbers.add(-1f / (1 + i));
        }
        GenericRecord record = new GenericData.Record(schema);
        record.put("id", "record-" + number);
        record.put("text", "the answer is " + number);
        record.put("time", (long) number * 1_000);
        record.put("value", number / 3.0);
        record.put("tokens", tokens);
        record.put("numbers", numbers);
        return record;
    }

    /** Depends on all of the work, so that no compiler leaves any of it out. */
    long checksum() {
        return checksum;
    }
}
