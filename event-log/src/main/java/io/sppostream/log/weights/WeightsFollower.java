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
 * Follows the versions of a weight line and fetches their bytes: of a version that is a difference, those of the last
 * whole one before it and of the differences since, as far as they are not at hand. Chunks are checked for their order,
 * and each piece of weights for its CRC-32C; the SHA-256 over all of them is for recovery and audits, since it costs as
 * much as sampling a batch from a small model. For one thread.
 */
public final class WeightsFollower implements AutoCloseable {
    /** To begin with the newest version. */
    public static final int NEWEST = Integer.MAX_VALUE;

    private static final Duration FETCH_PATIENCE = Duration.ofSeconds(30);

    /** Takes weights, or an optimizer's state, as a safetensors file. */
    @FunctionalInterface
    public interface Sink {
        void readFrom(ReadableByteChannel channel) throws IOException;
    }

    /** The bytes of a version in pieces, each of one chunk. */
    private record Image(int version, List<byte[]> pieces) {}

    private final EventReader manifests;
    private final EventReader chunks;
    private final Topics topics;
    private final ModelKind kind;

    /** What {@link #poll} has not given out yet; found when the follower began. */
    private final Deque<WeightsManifest> found = new ArrayDeque<>();

    /** The versions seen, from the last whole one that was fetched or is needed for one that was. */
    private final TreeMap<Integer, WeightsManifest> seen = new TreeMap<>();

    /** The first offsets of topics of which something has been found to be gone: looking for it takes its time. */
    private final Map<String, Long> begins = new HashMap<>();

    /** The version fetched last, where the next may be a difference from it. */
    private @Nullable Image image;

    /** Follows all versions from the start weights on. */
    public WeightsFollower(RunLog runLog, ModelKind kind) {
        this(runLog, kind, 0);
    }

    /**
     * Follows the versions from one on, or from the newest where it is older.
     *
     * @param from version to begin with; those before it, back to a whole one, are given out too
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

    /** The versions published since the last call, oldest first; empty where none came within the timeout. */
    public List<WeightsManifest> poll(Duration timeout) {
        List<WeightsManifest> versions = new ArrayList<>(found);
        found.clear();
        versions.addAll(manifests(manifests.poll(versions.isEmpty() ? timeout : Duration.ZERO)));
        versions.forEach(version -> seen.put(version.getVersion(), version));
        return versions;
    }

    /**
     * Fetches the weights of a version; no version before it afterwards. Those between the last whole one and it have to
     * have been given out by {@link #poll}, or fetched, before.
     *
     * @return false where its bytes are no longer on the log, as newer snapshots have taken their place: those are to be
     *     had by another poll. The sink has then not been called
     * @throws LogException where the bytes on the log are not those of the manifest; the sink has then not been called
     */
    public boolean fetch(WeightsManifest manifest, Sink sink) {
        seen.put(manifest.getVersion(), manifest);
        Image fetched = image != null && image.version() == manifest.getVersion() ? image : build(manifest);
        if (fetched == null) {
            return false;
        }
        // Of one piece there are no differences.
        image = fetched.pieces().size() > 1 ? fetched : null;
        seen.headMap(whole(manifest)).clear();
        feed(fetched.pieces(), sink);
        return true;
    }

    /**
     * Fetches the optimizer's state of a snapshot.
     *
     * @return false where its bytes are no longer on the log; the sink has then not been called
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

    /** The last whole version at or before one. */
    private int whole(WeightsManifest manifest) {
        for (WeightsManifest each :
                seen.headMap(manifest.getVersion(), true).descendingMap().values()) {
            if (Manifests.isFull(each)) {
                return each.getVersion();
            }
        }
        return manifest.getVersion();
    }

    /** Null where something of it is no longer there. */
    private @Nullable Image build(WeightsManifest manifest) {
        int first = whole(manifest);
        Image built =
                image != null && image.version() >= first && image.version() < manifest.getVersion() ? image : null;
        if (built == null && Manifests.isFull(manifest)) {
            return image(manifest, null);
        }
        int from = built == null ? first : built.version() + 1;
        for (int version = from; version <= manifest.getVersion(); version++) {
            WeightsManifest next = seen.get(version);
            if (next == null || (built == null && !Manifests.isFull(next))) {
                throw corrupt(
                        manifest, "it is a difference from versions before it, of which " + version + " is not there");
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
     * @param parent the pieces they are the difference from; null where they are whole
     * @return the file's pieces; null where they are no longer there
     */
    private @Nullable List<byte[]> fetch(
            WeightsManifest manifest, long firstOffset, int firstIndex, int count, @Nullable List<byte[]> parent) {
        Topic<WeightsChunk> topic = Manifests.chunks(topics, kind, manifest);
        if (parent != null && parent.size() != count) {
            throw corrupt(manifest, "it has " + count + " chunks, the version it differs from " + parent.size());
        }
        if (firstOffset < begins.getOrDefault(topic.name(), 0L)) {
            return null;
        }
        List<byte[]> pieces = new ArrayList<>(count);
        chunks.seek(topic, 0, firstOffset);
        long deadline = System.nanoTime() + FETCH_PATIENCE.toNanos();
        while (pieces.size() < count) {
            for (EventRecord<?> received : chunks.poll(Duration.ofMillis(500))) {
                int index = pieces.size();
                if (index == count || !received.topic().equals(topic.name())) {
                    continue;
                }
                WeightsChunk chunk = (WeightsChunk) received.event();
                if (chunk.getVersion() != manifest.getVersion()
                        || chunk.getIndex() != firstIndex + index
                        || (index == 0 && received.offset() != firstOffset)) {
                    begins.put(topic.name(), chunks.begin(topic, 0));
                    if (firstOffset < begins.get(topic.name())) {
                        return null;
                    }
                    throw corrupt(
                            manifest,
                            "chunk " + (firstIndex + index) + " is expected, chunk " + chunk.getIndex() + " of version "
                                    + chunk.getVersion() + " is there");
                }
                pieces.add(piece(manifest, chunk, parent == null ? null : parent.get(index)));
            }
            if (System.nanoTime() > deadline) {
                throw corrupt(manifest, pieces.size() + " of " + count + " chunks are there");
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
