package io.sppostream.history.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.ModelKind;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Facts by request. Requests are distributed over buckets by their hash, so that the facts of one bucket fit into memory
 * however many there are in all. Buckets are kept in memory while they are small, and in temporary files beyond. Thread-safe
 * while facts are added.
 */
final class FactStore implements AutoCloseable {
    /** A run of ten million rollouts has some 40,000 in a bucket. */
    static final int BUCKETS = 256;

    /** With all buckets full, 64 MiB. */
    private static final int BUCKET_BYTES = 256 << 10;

    private final List<Bucket> buckets = new ArrayList<>();
    private final int bucketBytes;
    private @Nullable Path directory;

    FactStore() {
        this(BUCKET_BYTES);
    }

    /** @param bucketBytes how much of a bucket is kept in memory */
    FactStore(int bucketBytes) {
        this.bucketBytes = bucketBytes;
        for (int i = 0; i < BUCKETS; i++) {
            buckets.add(new Bucket(i));
        }
    }

    void add(Fact fact) {
        int hash = fact.requestId().hashCode() * 0x9E3779B9; // Ids that differ in their last digits spread evenly.
        buckets.get(hash >>> 24).add(fact);
    }

    /** Passes the facts of a bucket to a reader; facts of one thread are in the order in which it added them. */
    void read(int bucket, Consumer<Fact> reader) {
        buckets.get(bucket).read(reader);
    }

    /** Bytes in temporary files. */
    long spilled() {
        return buckets.stream().mapToLong(bucket -> bucket.spilled).sum();
    }

    private synchronized Path directory() throws IOException {
        if (directory == null) {
            directory = Files.createTempDirectory("sppo-audit");
        }
        return directory;
    }

    /** Deletes the temporary files. */
    @Override
    public void close() {
        buckets.forEach(Bucket::delete);
        try {
            if (directory != null) {
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Bucket {
        private final int number;
        private final ByteArrayOutputStream memory = new ByteArrayOutputStream();
        private final DataOutputStream out = new DataOutputStream(memory);
        private @Nullable Path file;
        private long spilled;

        Bucket(int number) {
            this.number = number;
        }

        synchronized void add(Fact fact) {
            try {
                write(fact, out);
                if (memory.size() >= bucketBytes) {
                    spill();
                }
            } catch (IOException e) {
                throw failed(e);
            }
        }

        private void spill() throws IOException {
            if (file == null) {
                file = directory().resolve(Integer.toString(number));
            }
            try (OutputStream to = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                memory.writeTo(to);
            }
            spilled += memory.size();
            memory.reset();
        }

        void read(Consumer<Fact> reader) {
            InputStream rest = new ByteArrayInputStream(memory.toByteArray());
            try (DataInputStream in = new DataInputStream(
                    file == null
                            ? rest
                            : new SequenceInputStream(
                                    new BufferedInputStream(Files.newInputStream(file), 1 << 16), rest))) {
                for (int type = in.read(); type >= 0; type = in.read()) {
                    reader.accept(FactStore.read(type, in));
                }
            } catch (IOException e) {
                throw failed(e);
            }
        }

        private UncheckedIOException failed(IOException e) {
            return new UncheckedIOException(
                    "the audit can't use its temporary files in " + System.getProperty("java.io.tmpdir")
                            + ", some 200 bytes a rollout: " + e.getMessage() + " (set -Djava.io.tmpdir)",
                    e);
        }

        void delete() {
            try {
                if (file != null) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void write(Fact fact, DataOutputStream out) throws IOException {
        if (fact instanceof Fact.Asked asked) {
            begin(0, asked.requestId(), out);
            out.writeInt(asked.samples());
        } else if (fact instanceof Fact.Scored scored) {
            begin(1, scored.requestId(), out);
            out.writeLong(scored.digest());
        } else if (fact instanceof Fact.RequestExpired expired) {
            begin(2, expired.requestId(), out);
        } else if (fact instanceof Fact.Answered answered) {
            begin(3, answered.rolloutId(), out);
            out.writeLong(answered.digest());
        } else if (fact instanceof Fact.Judged judged) {
            begin(4, judged.rolloutId(), out);
            out.writeLong(judged.digest());
        } else if (fact instanceof Fact.RolloutExpired expired) {
            begin(5, expired.rolloutId(), out);
        } else if (fact instanceof Fact.RolloutRefused refused) {
            begin(8, refused.rolloutId(), out);
        } else if (fact instanceof Fact.RolloutEvidence evidence) {
            begin(9, evidence.rolloutId(), out);
        } else if (fact instanceof Fact.Sampled sampled) {
            begin(6, sampled.rolloutId(), out);
            out.writeInt(sampled.partition());
            out.writeLong(sampled.offset());
            out.writeInt(sampled.policyVersion());
            out.writeInt(sampled.criticVersion());
            out.writeLong(sampled.rollout());
            writeAll(sampled.verdicts(), out);
            writeAll(sampled.values(), out);
            out.writeBoolean(sampled.redelivered());
        } else if (fact instanceof Fact.Recorded recorded) {
            begin(10, recorded.rolloutId(), out);
            writeBytes(recorded.rollout(), out);
        } else if (fact instanceof Fact.Opinion opinion) {
            begin(11, opinion.rolloutId(), out);
            writeBytes(opinion.verdict(), out);
        } else if (fact instanceof Fact.Credited credited) {
            begin(12, credited.rolloutId(), out);
            out.writeUTF(credited.estimator());
            out.writeDouble(credited.reward());
            out.writeInt(credited.groupSamples());
            out.writeLong(credited.credit());
            writeBytes(credited.value(), out);
        } else if (fact instanceof Fact.Trained trained) {
            begin(7, trained.rolloutId(), out);
            out.writeBoolean(trained.kind() == ModelKind.POLICY);
            out.writeInt(trained.step());
            out.writeInt(trained.fromVersion());
            out.writeInt(trained.policyLag());
            out.writeLong(trained.ledgerOffset());
            out.writeInt(trained.partition());
            out.writeLong(trained.offset());
        }
    }

    private static Fact read(int type, DataInputStream in) throws IOException {
        String id = new String(in.readNBytes(in.readInt()), UTF_8);
        return switch (type) {
            case 0 -> new Fact.Asked(id, in.readInt());
            case 1 -> new Fact.Scored(id, in.readLong());
            case 2 -> new Fact.RequestExpired(id);
            case 3 -> new Fact.Answered(id, in.readLong());
            case 4 -> new Fact.Judged(id, in.readLong());
            case 5 -> new Fact.RolloutExpired(id);
            case 6 ->
                new Fact.Sampled(
                        id,
                        in.readInt(),
                        in.readLong(),
                        in.readInt(),
                        in.readInt(),
                        in.readLong(),
                        readAll(in),
                        readAll(in),
                        in.readBoolean());
            case 7 ->
                new Fact.Trained(
                        id,
                        in.readBoolean() ? ModelKind.POLICY : ModelKind.CRITIC,
                        in.readInt(),
                        in.readInt(),
                        in.readInt(),
                        in.readLong(),
                        in.readInt(),
                        in.readLong());
            case 8 -> new Fact.RolloutRefused(id);
            case 9 -> new Fact.RolloutEvidence(id);
            case 10 -> new Fact.Recorded(id, in.readNBytes(in.readInt()));
            case 11 -> new Fact.Opinion(id, in.readNBytes(in.readInt()));
            case 12 ->
                new Fact.Credited(
                        id, in.readUTF(), in.readDouble(), in.readInt(), in.readLong(), in.readNBytes(in.readInt()));
            default -> throw new EOFException("a temporary file of the audit has been changed");
        };
    }

    private static void begin(int type, String id, DataOutputStream out) throws IOException {
        out.writeByte(type);
        writeBytes(id.getBytes(UTF_8), out);
    }

    private static void writeBytes(byte[] bytes, DataOutputStream out) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static void writeAll(long[] numbers, DataOutputStream out) throws IOException {
        out.writeInt(numbers.length);
        for (long number : numbers) {
            out.writeLong(number);
        }
    }

    private static long[] readAll(DataInputStream in) throws IOException {
        long[] numbers = new long[in.readInt()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = in.readLong();
        }
        return numbers;
    }
}
