package io.sppostream.log;

import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.utils.Crc32C;
import org.jspecify.annotations.Nullable;

/** Writes versions of a line's weights to the log, within the transaction of the step that made them. */
public final class WeightsPublisher {
    private static final int CHUNK_BYTES = 512 << 10;

    /** Writes weights as a model.safetensors file. */
    @FunctionalInterface
    public interface Source {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    private final ExactlyOnceLog log;
    private final Topics topics;
    private final WeightLine line;
    private final String config;
    private final Clock clock;

    /** @param config the model's config.json */
    public WeightsPublisher(ExactlyOnceLog log, Topics topics, WeightLine line, String config, Clock clock) {
        this.log = log;
        this.topics = topics;
        this.line = line;
        this.config = config;
        this.clock = clock;
    }

    /** Sends a version's chunks and manifest; readers see them when the caller commits. */
    public WeightsManifest publish(int version, @Nullable Integer parentVersion, int step, Source source) {
        Chunks chunks = new Chunks(version);
        try (chunks) {
            source.writeTo(chunks);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        WeightsManifest manifest = new WeightsManifest(
                version,
                parentVersion,
                step,
                Hashes.hex(chunks.sha256),
                WeightsEncoding.FULL,
                chunks.bytes,
                chunks.count,
                chunks.firstOffset(),
                config,
                clock.instant());
        log.send(topics.versions(line), line.id(), manifest);
        return manifest;
    }

    /** Cuts a stream of bytes into chunks and sends them. */
    private final class Chunks implements WritableByteChannel {
        private final MessageDigest sha256 = Hashes.sha256();
        private final int version;
        private ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        private int count;
        private long bytes;
        private @Nullable Future<RecordMetadata> first;

        Chunks(int version) {
            this.version = version;
        }

        @Override
        public int write(ByteBuffer source) {
            int written = source.remaining();
            while (source.hasRemaining()) {
                ByteBuffer part = source.slice();
                part.limit(Math.min(part.remaining(), chunk.remaining()));
                source.position(source.position() + part.remaining());
                chunk.put(part);
                if (!chunk.hasRemaining()) {
                    send();
                }
            }
            return written;
        }

        private void send() {
            chunk.flip();
            sha256.update(chunk.duplicate());
            bytes += chunk.remaining();
            Future<RecordMetadata> sent = log.send(
                    topics.weights(line),
                    Integer.toString(version),
                    new WeightsChunk(version, count, Crc32C.compute(chunk, 0, chunk.remaining()), chunk));
            if (count++ == 0) {
                first = sent;
            }
            chunk = ByteBuffer.allocate(CHUNK_BYTES);
        }

        /** Waits for the acknowledgement of the first chunk. */
        long firstOffset() {
            if (first == null) {
                throw new IllegalStateException("a version without weights");
            }
            log.flush();
            try {
                return first.get().offset();
            } catch (ExecutionException e) {
                throw new KafkaException("weights of version " + version + " were not accepted", e.getCause());
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            if (chunk.position() > 0) {
                send();
            }
        }
    }
}
