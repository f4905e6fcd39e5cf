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
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Crc32C;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Follows the weight versions of a model and fetches their bytes. For a version stored as a delta it fetches the last
 * full version before it and the deltas since, except for those it already has. It checks the order of chunks and the
 * CRC-32C of each piece of weights. The SHA-256 of a version is left to recovery and audits, since it costs as much as
 * sampling a batch from a small model. Not thread-safe.
 */
public final class WeightsFollower implements AutoCloseable {
    /** Start with the newest version. */
    public static final int NEWEST = Integer.MAX_VALUE;

    private static final Duration FETCH_TIMEOUT = Duration.ofSeconds(30);

    /** Reads weights, or an optimizer's state, as a safetensors file. */
    @FunctionalInterface
    public interface Sink {
        void readFrom(ReadableByteChannel channel) throws IOException;
    }

    /** The bytes of a version, in pieces of one chunk each. */
    private record Image(int version, List<byte[]> pieces) {}

    private final EventReader manifests;
    private final EventReader chunks;
    private final Topics topics;
    private final ModelKind kind;

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
     * @return false if its bytes are no longer on the log, because newer snapshots have replaced them; another poll returns
     *     those. The sink was not called
     * @throws LogException if the bytes on the log do not match the manifest. The sink was not called
     */
    public boolean fetch(WeightsManifest manifest, Sink sink) {
        seen.put(manifest.getVersion(), manifest);
        Image fetched = image != null && image.version() == manifest.getVersion() ? image : build(manifest);
        if (fetched == null) {
            return false;
        }
        // Versions of one piece are never stored as deltas.
        image = fetched.pieces().size() > 1 ? fetched : null;
        seen.headMap(full(manifest)).clear();
        feed(fetched.pieces(), sink);
        return true;
    }

    /**
     * Fetches the optimizer's state of a snapshot.
     *
     * @return false if its bytes are no longer on the log. The sink was not called
     */
    public boolean fetchOptimizer(WeightsManifest manifest, OptimizerState state, Sink sink) {
        List<byte[]> pieces =
                fetch(manifest, state.getFirstChunkOffset(), manifest.getChunks(), state.getChunks(), null);
        if (pieces == null) {
            return false;
        }
        feed(pieces, sink);
        return true;
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

    /** Builds a version from a full one and deltas; null if some of its bytes are no longer on the log. */
    private @Nullable Image build(WeightsManifest manifest) {
        int first = full(manifest);
        Image built =
                image != null && image.version() >= first && image.version() < manifest.getVersion() ? image : null;
        if (built == null && Manifests.isFull(manifest)) {
            return image(manifest, null);
        }
        int from = built == null ? first : built.version() + 1;
        for (int version = from; version <= manifest.getVersion(); version++) {
            WeightsManifest next = seen.get(version);
            if (next == null || (built == null && !Manifests.isFull(next))) {
                throw corrupt(manifest, "it is a delta against earlier versions, of which " + version + " is missing");
            }
            built = image(next, built);
            if (built == null) {
                return null;
            }
        }
        return built;
    }

    private @Nullable Image image(WeightsManifest manifest, @Nullable Image parent) {
        List<byte[]> pieces = fetch(
                manifest,
                manifest.getFirstChunkOffset(),
                0,
                manifest.getChunks(),
                Manifests.isFull(manifest) || parent == null ? null : parent.pieces());
        return pieces == null ? null : new Image(manifest.getVersion(), pieces);
    }

    /**
     * Fetches the chunks of a file.
     *
     * @param parent the pieces that they are a delta against; null if they are full
     * @return the file's pieces; null if they are no longer on the log
     */
    private @Nullable List<byte[]> fetch(
            WeightsManifest manifest, long firstOffset, int firstIndex, int count, @Nullable List<byte[]> parent) {
        Topic<WeightsChunk> topic = Manifests.chunks(topics, kind, manifest);
        if (parent != null && parent.size() != count) {
            throw corrupt(
                    manifest,
                    "it has " + count + " chunks, the version that it is a delta against has " + parent.size());
        }
        if (firstOffset < begins.getOrDefault(topic.name(), 0L)) {
            return null;
        }
        List<byte[]> pieces = new ArrayList<>(count);
        chunks.seek(topic, 0, firstOffset);
        long deadline = System.nanoTime() + FETCH_TIMEOUT.toNanos();
        while (pieces.size() < count) {
            for (EventRecord<?> record : chunks.poll(Duration.ofMillis(500))) {
                int index = pieces.size();
                if (index == count || !record.topic().equals(topic.name())) {
                    continue;
                }
                WeightsChunk chunk = (WeightsChunk) record.event();
                if (chunk.getVersion() != manifest.getVersion()
                        || chunk.getIndex() != firstIndex + index
                        || (index == 0 && record.offset() != firstOffset)) {
                    begins.put(topic.name(), chunks.begin(topic, 0));
                    if (firstOffset < begins.get(topic.name())) {
                        return null;
                    }
                    throw corrupt(
                            manifest,
                            "expected chunk " + (firstIndex + index) + ", found chunk " + chunk.getIndex()
                                    + " of version " + chunk.getVersion());
                }
                pieces.add(piece(manifest, chunk, parent == null ? null : parent.get(index)));
            }
            if (System.nanoTime() > deadline) {
                throw corrupt(manifest, "found " + pieces.size() + " of " + count + " chunks");
            }
        }
        return pieces;
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

    private static void feed(List<byte[]> pieces, Sink sink) {
        List<InputStream> parts = pieces.stream()
                .map(piece -> (InputStream) new ByteArrayInputStream(piece))
                .toList();
        try (ReadableByteChannel channel =
                Channels.newChannel(new SequenceInputStream(Collections.enumeration(parts)))) {
            sink.readFrom(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
