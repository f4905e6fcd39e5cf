package io.sppostream.log.weights;

import io.sppostream.events.OptimizerState;
import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsFile;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.loop.ExactlyOnceLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.utils.Crc32C;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the versions of a model in the transaction of the step that made them, on the weights topic or in a folder.
 *
 * <p>On the topic, the start weights, and snapshots, which have the optimizer's state with them, are written in full. So
 * is the version after the start weights, since these are never rounded and may have another size. So are other versions
 * that fit in one chunk: a delta would save little for readers of every version, and cost more for readers that skip some.
 * Larger versions are written as deltas against the previous version, piece by piece.
 *
 * <p>In a folder, every version is a checkpoint. Its files are complete before its manifest is sent.
 *
 * <p>Not thread-safe.
 */
public final class WeightsPublisher {
    /** Writes weights, or an optimizer's state, as a safetensors file: the same bytes for the same values. */
    @FunctionalInterface
    public interface Source {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    private static final int START_VERSION = 0;

    private final ExactlyOnceLog log;
    private final Topics topics;
    private final ModelKind kind;
    private final String config;
    private final int chunkBytes;
    private final @Nullable WeightsFolder folder;
    private final Clock clock;

    /** The pieces of the last version if it is on the topic; empty otherwise. */
    private final List<byte[]> published = new ArrayList<>();

    /**
     * @param config the model's {@code config.json}
     * @param chunkBytes bytes of weights in one record, the same for all versions of a model
     * @param folder stores the versions; null to store them on the topic. Closed by the caller
     */
    public WeightsPublisher(
            ExactlyOnceLog log,
            Topics topics,
            ModelKind kind,
            String config,
            int chunkBytes,
            @Nullable WeightsFolder folder,
            Clock clock) {
        this.log = log;
        this.topics = topics;
        this.kind = kind;
        this.config = config;
        this.chunkBytes = chunkBytes;
        this.folder = folder;
        this.clock = clock;
    }

    /** SHA-256 of the bytes that a source writes, in hexadecimal. */
    public static String sha256(Source source) {
        MessageDigest digest = Hashes.sha256();
        write(source, new DigestChannel(digest));
        return Hashes.hex(digest);
    }

    /** Resumes after a version that was published before, so that the next can be a delta against it. */
    public void continueFrom(WeightsManifest last, Source weights) {
        if (folder == null && !WeightsFiles.has(last)) {
            write(weights, new Pieces(chunkBytes, this::keep));
        }
    }

    /** Sends the start weights; readers see them after the caller has committed. */
    public WeightsManifest publishStart(Source weights) {
        return publish(START_VERSION, null, 0, weights, null, WeightsEncoding.FULL, topics.startWeights(kind), null);
    }

    /**
     * Sends the version that a step has made of its parent; readers see it after the caller has committed.
     *
     * @param optimizer the optimizer's state, to make the version a snapshot; null otherwise
     */
    public WeightsManifest publish(
            int version, int parentVersion, int step, Source weights, @Nullable Source optimizer) {
        boolean isDelta = optimizer == null && parentVersion > START_VERSION && published.size() > 1;
        WeightsEncoding encoding = isDelta ? WeightsEncoding.DELTA : WeightsEncoding.FULL;
        return publish(version, parentVersion, step, weights, optimizer, encoding, topics.weights(kind), null);
    }

    /**
     * Sends the last published version again as a snapshot: in full, with the optimizer's state. Its manifest has the
     * version, the hash and the time of publication of the first; readers that have the version need not fetch it again.
     */
    public WeightsManifest publishSnapshot(WeightsManifest last, Source weights, Source optimizer) {
        return publish(
                last.getVersion(),
                last.getParentVersion(),
                last.getStep(),
                weights,
                optimizer,
                WeightsEncoding.FULL,
                topics.weights(kind),
                last.getPublishedAt());
    }

    private WeightsManifest publish(
            int version,
            @Nullable Integer parentVersion,
            int step,
            Source weights,
            @Nullable Source optimizer,
            WeightsEncoding encoding,
            Topic<WeightsChunk> topic,
            @Nullable Instant publishedAt) {
        if (folder != null) {
            return publish(folder.write(version, weights, optimizer), version, parentVersion, step, publishedAt);
        }
        if (encoding == WeightsEncoding.FULL) {
            published.clear();
        }
        Chunks chunks = new Chunks(version, topic, 0);
        write(weights, new Pieces(chunkBytes, (index, piece) -> {
            chunks.send(
                    piece,
                    encoding == WeightsEncoding.DELTA ? WeightsDelta.encode(published.get(index), piece) : piece);
            keep(index, piece);
        }));
        WeightsManifest manifest = new WeightsManifest(
                version,
                parentVersion,
                step,
                Hashes.hex(chunks.sha256),
                encoding,
                chunks.bytes,
                chunks.index,
                chunks.firstOffset(),
                config,
                optimizer == null ? null : publish(optimizer, chunks.index, version, topic),
                publishedAt == null ? clock.instant() : publishedAt,
                null,
                List.of());
        return send(manifest);
    }

    private WeightsManifest publish(
            WeightsFolder.Written written,
            int version,
            @Nullable Integer parentVersion,
            int step,
            @Nullable Instant publishedAt) {
        WeightsFile weights = written.file(WeightsFiles.WEIGHTS).orElseThrow();
        return send(new WeightsManifest(
                version,
                parentVersion,
                step,
                weights.getSha256(),
                WeightsEncoding.FULL,
                weights.getBytes(),
                0,
                -1L,
                config,
                written.file(WeightsFiles.OPTIMIZER)
                        .map(file -> new OptimizerState(file.getSha256(), file.getBytes(), 0, -1L))
                        .orElse(null),
                publishedAt == null ? clock.instant() : publishedAt,
                written.uri(),
                written.files()));
    }

    private WeightsManifest send(WeightsManifest manifest) {
        log.send(topics.versions(kind), kind.id(), manifest);
        return manifest;
    }

    private OptimizerState publish(Source optimizer, int firstIndex, int version, Topic<WeightsChunk> topic) {
        Chunks chunks = new Chunks(version, topic, firstIndex);
        write(optimizer, new Pieces(chunkBytes, (index, piece) -> chunks.send(piece, piece)));
        return new OptimizerState(
                Hashes.hex(chunks.sha256), chunks.bytes, chunks.index - firstIndex, chunks.firstOffset());
    }

    /** Kept before the commit: if the transaction fails, the learner ends, and this publisher with it. */
    private void keep(int index, byte[] piece) {
        if (index < published.size()) {
            published.set(index, piece);
        } else {
            published.add(piece);
        }
    }

    private static void write(Source source, WritableByteChannel channel) {
        try (channel) {
            source.writeTo(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends the chunks of one file. */
    private final class Chunks {
        private final MessageDigest sha256 = Hashes.sha256();
        private final int version;
        private final Topic<WeightsChunk> topic;
        private int index;
        private long bytes;
        private @Nullable Future<RecordMetadata> first;

        Chunks(int version, Topic<WeightsChunk> topic, int firstIndex) {
            this.version = version;
            this.topic = topic;
            this.index = firstIndex;
        }

        void send(byte[] piece, byte[] encoded) {
            bytes += encoded.length;
            long crc = Crc32C.compute(piece, 0, piece.length);
            Future<RecordMetadata> sent = log.send(
                    topic,
                    Integer.toString(version),
                    new WeightsChunk(version, index++, crc, ByteBuffer.wrap(encoded)));
            first = first == null ? sent : first;
            sha256.update(piece); // While the chunk is on its way.
        }

        /** Waits for the acknowledgement of the first chunk. */
        long firstOffset() {
            if (first == null) {
                throw new IllegalStateException("a version has no weights");
            }
            return log.offset(first);
        }
    }

    /** Computes the digest of what is written, and keeps nothing else. */
    private record DigestChannel(MessageDigest digest) implements WritableByteChannel {
        @Override
        public int write(ByteBuffer source) {
            int written = source.remaining();
            digest.update(source);
            return written;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    /** Receives the pieces of a file in order. */
    private interface PieceSink {
        void take(int index, byte[] piece);
    }

    /** Cuts a stream of bytes into pieces. */
    private static final class Pieces implements WritableByteChannel {
        private final PieceSink sink;
        private final ByteBuffer piece;
        private int index;

        Pieces(int bytes, PieceSink sink) {
            this.piece = ByteBuffer.allocate(bytes);
            this.sink = sink;
        }

        @Override
        public int write(ByteBuffer source) {
            int written = source.remaining();
            while (source.hasRemaining()) {
                ByteBuffer part = source.slice();
                part.limit(Math.min(part.remaining(), piece.remaining()));
                source.position(source.position() + part.remaining());
                piece.put(part);
                if (!piece.hasRemaining()) {
                    end();
                }
            }
            return written;
        }

        private void end() {
            sink.take(index++, Arrays.copyOf(piece.array(), piece.position()));
            piece.clear();
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            if (piece.position() > 0) {
                end();
            }
        }
    }
}
