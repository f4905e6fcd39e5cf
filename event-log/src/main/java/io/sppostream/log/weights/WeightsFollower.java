package io.sppostream.log.weights;

import io.sppostream.events.OptimizerState;
import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.apache.kafka.common.utils.Crc32C;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Follows the weight versions of a model and fetches their bytes, from the weights topic or from the folder that the
 * manifest names. For a version stored as a delta it fetches the last full version before it and the deltas since, except
 * for those it already has. It checks the order of chunks, and the CRC-32C of each piece of weights or of the file. It
 * keeps one copy of weights from the topic, and applies deltas to it piece by piece. The SHA-256 of a version is left to
 * recovery and audits, since it costs as much as sampling a batch from a small model. Not thread-safe.
 */
public final class WeightsFollower implements AutoCloseable {
    /** Start with the newest version. */
    public static final int NEWEST = Integer.MAX_VALUE;

    /** A fetch fails if no chunk arrives for this long, however long the whole takes. */
    private static final Duration FETCH_TIMEOUT = Duration.ofSeconds(30);

    /** Reads weights, or an optimizer's state, as a safetensors file. */
    @FunctionalInterface
    public interface Sink {
        void readFrom(ReadableByteChannel channel) throws IOException;
    }

    /** The bytes of a version, in pieces of one chunk each. Newer versions replace the pieces one by one. */
    private record Image(WeightsManifest manifest, List<byte[]> pieces) {
        int version() {
            return manifest.getVersion();
        }
    }

    private final EventReader manifests;
    private final EventReader chunks;
    private final RunLog runLog;
    private final Topics topics;
    private final ModelKind kind;
    private final LongSupplier nanoTime;

    /** Versions found at the start, which {@link #poll} has not returned yet. */
    private final Deque<WeightsManifest> found = new ArrayDeque<>();

    /** Versions seen since the full version that the last fetched one builds on. */
    private final TreeMap<Integer, WeightsManifest> seen = new TreeMap<>();

    /** The first offsets of topics with deleted records; a look-up takes time, so it is made only after a miss. */
    private final Map<String, Long> begins = new HashMap<>();

    /** The version fetched last, if the next may be a delta against it. */
    private @Nullable Image image;

    /** Follows all versions, beginning with the start weights. */
    public WeightsFollower(RunLog runLog, ModelKind kind) {
        this(runLog, kind, 0);
    }

    /**
     * Follows the versions from a given one, or from the newest if that is older.
     *
     * @param from version to begin with, or {@link #NEWEST}; polls also return the versions before it, back to a full one
     */
    public WeightsFollower(RunLog runLog, ModelKind kind, int from) {
        this(runLog, kind, from, System::nanoTime);
    }

    /** A follower with another clock. */
    WeightsFollower(RunLog runLog, ModelKind kind, int from, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.runLog = runLog;
        this.topics = runLog.topics();
        this.kind = kind;
        this.manifests = runLog.following(List.of(runLog.topics().versions(kind)));
        this.chunks = runLog.reader(
                List.of(runLog.topics().startWeights(kind), runLog.topics().weights(kind)));
        if (from > 0) {
            Topic<WeightsManifest> versions = runLog.topics().versions(kind);
            try (EventReader log = runLog.reader(List.of(versions))) {
                long end = log.end(versions, 0);
                found.addAll(manifests(log.last(
                        versions,
                        0,
                        end,
                        events -> manifests(events).stream()
                                .anyMatch(each -> each.getVersion() <= from && Manifests.isFull(each)))));
                manifests.seek(versions, 0, end);
            }
        }
    }

    private static List<WeightsManifest> manifests(List<EventRecord<?>> events) {
        return events.stream().map(event -> (WeightsManifest) event.event()).toList();
    }

    /** The versions published since the last call, oldest first; empty if none arrived within the timeout. */
    public List<WeightsManifest> poll(Duration timeout) {
        List<WeightsManifest> versions = new ArrayList<>(found);
        found.clear();
        versions.addAll(manifests(manifests.poll(versions.isEmpty() ? timeout : Duration.ZERO)));
        versions.forEach(version -> seen.put(version.getVersion(), version));
        return versions;
    }

    /**
     * Fetches the weights of a version. Versions must be fetched in ascending order, and those between the last full one
     * and this one must have been returned by {@link #poll} or fetched before.
     *
     * @return false if its bytes have been deleted, because newer versions have replaced them; another poll returns those.
     *     The sink was not called
     * @throws LogException if the bytes do not match the manifest, do not arrive, or are missing although the version is
     *     the newest. The sink may have been called if the version is stored in a folder
     */
    public boolean fetch(WeightsManifest manifest, Sink sink) {
        seen.put(manifest.getVersion(), manifest);
        if (WeightsFiles.has(manifest)) {
            image = null;
            seen.headMap(manifest.getVersion()).clear();
            return readFile(manifest, WeightsFiles.WEIGHTS, sink);
        }
        Image fetched = image != null && image.manifest().equals(manifest) ? image : build(manifest);
        if (fetched == null) {
            return false;
        }
        // Versions of one piece are never stored as deltas.
        image = fetched.pieces().size() > 1 ? fetched : null;
        seen.headMap(full(manifest)).clear();
        feed(fetched.pieces().iterator(), sink);
        return true;
    }

    /** Forgets the versions that only this and earlier ones build on: the caller has this one's weights from elsewhere. */
    public void pass(WeightsManifest manifest) {
        seen.headMap(full(manifest)).clear();
    }

    /**
     * Fetches the optimizer's state of a snapshot. It has twice the size of the weights, so it is passed on chunk by chunk.
     *
     * @return false if its bytes are no longer on the log. The sink was not called
     * @throws LogException if the bytes on the log do not match the manifest, or do not arrive. The sink may have been
     *     called
     */
    public boolean fetchOptimizer(WeightsManifest manifest, OptimizerState state, Sink sink) {
        if (WeightsFiles.has(manifest)) {
            return readFile(manifest, WeightsFiles.OPTIMIZER, sink);
        }
        Chunks file = new Chunks(manifest, state.getFirstChunkOffset(), manifest.getChunks(), state.getChunks());
        WeightsChunk first = file.next();
        if (first == null) {
            return false;
        }
        feed(
                new Iterator<>() {
                    private @Nullable WeightsChunk read = first;

                    @Override
                    public boolean hasNext() {
                        return read != null || file.hasNext();
                    }

                    @Override
                    public byte[] next() {
                        WeightsChunk chunk = read == null ? file.next() : read;
                        read = null;
                        if (chunk == null) {
                            throw corrupt(manifest, "the optimizer's state was deleted while it was read");
                        }
                        return piece(manifest, chunk, null);
                    }
                },
                sink);
        return true;
    }

    private boolean readFile(WeightsManifest manifest, String name, Sink sink) {
        if (WeightsFiles.read(manifest, name, sink)) {
            return true;
        }
        if (manifest.getVersion() == 0 || manifest.equals(last())) {
            throw WeightsFiles.corrupt(
                    manifest,
                    name + " does not exist. If the learner runs on another machine, set weights.uri to a folder that"
                            + " both can read");
        }
        return false;
    }

    /**
     * The manifest published last, whose files no learner has deleted. A transaction of others that is open may hide it
     * from those who follow the topic, so this reads past it.
     */
    private @Nullable WeightsManifest last() {
        Topic<WeightsManifest> versions = topics.versions(kind);
        try (EventReader log = runLog.uncommitted(List.of(versions))) {
            return manifests(log.last(versions, 0, log.end(versions, 0), events -> !events.isEmpty())).stream()
                    .reduce((before, after) -> after)
                    .orElse(null);
        }
    }

    /** The last full version at or before a given one. */
    private int full(WeightsManifest manifest) {
        for (WeightsManifest each :
                seen.headMap(manifest.getVersion(), true).descendingMap().values()) {
            if (Manifests.isFull(each)) {
                return each.getVersion();
            }
        }
        return manifest.getVersion();
    }

    /**
     * Builds a version from a full one and deltas, in the pieces of the version fetched last where it can.
     *
     * @return null if some of its bytes are no longer on the log
     */
    private @Nullable Image build(WeightsManifest manifest) {
        int first = full(manifest);
        Image base =
                image != null && image.version() >= first && image.version() < manifest.getVersion() ? image : null;
        // Its pieces are replaced, or not needed any more; after a failure, the next fetch begins with a full version.
        image = null;
        List<byte[]> pieces = base == null ? new ArrayList<>() : base.pieces();
        int from = base == null ? first : base.version() + 1;
        for (int version = from; version <= manifest.getVersion(); version++) {
            WeightsManifest next = seen.get(version);
            if (next == null || (pieces.isEmpty() && !Manifests.isFull(next))) {
                throw corrupt(manifest, "it is a delta against earlier versions, of which " + version + " is missing");
            }
            if (!replace(pieces, next)) {
                return null;
            }
        }
        return new Image(manifest, pieces);
    }

    /**
     * Replaces the pieces of a version's parent by those of the version.
     *
     * @param pieces empty if the version is full
     * @return false if the version's bytes are no longer on the log
     */
    private boolean replace(List<byte[]> pieces, WeightsManifest manifest) {
        int count = manifest.getChunks();
        boolean delta = !Manifests.isFull(manifest);
        if (delta && pieces.size() != count) {
            throw corrupt(
                    manifest,
                    "it has " + count + " chunks, the version that it is a delta against has " + pieces.size());
        }
        Chunks file = new Chunks(manifest, manifest.getFirstChunkOffset(), 0, count);
        for (int index = 0; file.hasNext(); index++) {
            WeightsChunk chunk = file.next();
            if (chunk == null) {
                return false;
            }
            if (delta) {
                pieces.set(index, piece(manifest, chunk, pieces.get(index)));
            } else {
                pieces.add(piece(manifest, chunk, null));
            }
        }
        return true;
    }

    /** Reads the chunks of a file in order, one poll at a time. */
    private final class Chunks {
        private final WeightsManifest manifest;
        private final Topic<WeightsChunk> topic;
        private final long firstOffset;
        private final int firstIndex;
        private final int count;
        private final Deque<EventRecord<?>> polled = new ArrayDeque<>();
        private int read;

        Chunks(WeightsManifest manifest, long firstOffset, int firstIndex, int count) {
            this.manifest = manifest;
            this.topic = Manifests.chunks(topics, kind, manifest);
            this.firstOffset = firstOffset;
            this.firstIndex = firstIndex;
            this.count = count;
        }

        boolean hasNext() {
            return read < count;
        }

        /** The next chunk; null if it is no longer on the log. */
        @Nullable
        WeightsChunk next() {
            if (read == 0) {
                if (isDeleted()) {
                    return null;
                }
                chunks.seek(topic, 0, firstOffset);
            }
            long lastArrival = nanoTime.getAsLong();
            while (polled.isEmpty()) {
                for (EventRecord<?> record : chunks.poll(Duration.ofMillis(500))) {
                    if (record.topic().equals(topic.name())) {
                        polled.add(record);
                    }
                }
                if (polled.isEmpty() && nanoTime.getAsLong() - lastArrival > FETCH_TIMEOUT.toNanos()) {
                    throw corrupt(
                            manifest,
                            "found " + read + " of " + count + " chunks, and no other within "
                                    + FETCH_TIMEOUT.toSeconds() + " s");
                }
            }
            EventRecord<?> record = polled.remove();
            WeightsChunk chunk = (WeightsChunk) record.event();
            if (chunk.getVersion() != manifest.getVersion()
                    || chunk.getIndex() != firstIndex + read
                    || (read == 0 && record.offset() != firstOffset)) {
                begins.put(topic.name(), chunks.begin(topic, 0));
                if (isDeleted()) {
                    return null;
                }
                throw corrupt(
                        manifest,
                        "expected chunk " + (firstIndex + read) + ", found chunk " + chunk.getIndex() + " of version "
                                + chunk.getVersion());
            }
            read++;
            return chunk;
        }

        private boolean isDeleted() {
            return firstOffset < begins.getOrDefault(topic.name(), 0L);
        }
    }

    private byte[] piece(WeightsManifest manifest, WeightsChunk chunk, byte @Nullable [] parent) {
        byte[] piece = Utils.toArray(chunk.getData());
        try {
            piece = parent == null ? piece : WeightsDelta.decode(parent, piece);
        } catch (LogException e) {
            throw corrupt(manifest, "chunk " + chunk.getIndex() + ": " + e.getMessage());
        }
        if (Crc32C.compute(piece, 0, piece.length) != chunk.getCrc32c()) {
            throw corrupt(manifest, "chunk " + chunk.getIndex() + " fails its CRC-32C");
        }
        return piece;
    }

    private static void feed(Iterator<byte[]> pieces, Sink sink) {
        try {
            sink.readFrom(new PieceChannel(pieces));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file, given in pieces that are not empty. */
    private static final class PieceChannel implements ReadableByteChannel {
        private final Iterator<byte[]> pieces;
        private ByteBuffer piece = ByteBuffer.allocate(0);

        PieceChannel(Iterator<byte[]> pieces) {
            this.pieces = pieces;
        }

        @Override
        public int read(ByteBuffer target) {
            if (!piece.hasRemaining()) {
                if (!pieces.hasNext()) {
                    return -1;
                }
                piece = ByteBuffer.wrap(pieces.next());
            }
            int length = Math.min(piece.remaining(), target.remaining());
            target.put(piece.slice().limit(length));
            piece.position(piece.position() + length);
            return length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private LogException corrupt(WeightsManifest manifest, String what) {
        return new LogException(Manifests.chunks(topics, kind, manifest).name() + ": version " + manifest.getVersion()
                + " can't be read: " + what);
    }

    @Override
    public void close() {
        manifests.close();
        chunks.close();
    }
}
