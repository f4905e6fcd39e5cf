package io.sppostream.log;

import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsManifest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.kafka.common.utils.Crc32C;
import org.apache.kafka.common.utils.Utils;

/**
 * Follows the versions of a weight line and fetches their bytes. Chunks are checked for their order and their CRC-32C;
 * the SHA-256 over all of them is for audits, since it costs as much as sampling a batch from a small model. For one
 * thread.
 */
public final class WeightsFollower implements AutoCloseable {
    private static final Duration FETCH_PATIENCE = Duration.ofSeconds(30);

    /** Takes weights as a model.safetensors file. */
    @FunctionalInterface
    public interface Sink {
        void readFrom(ReadableByteChannel channel) throws IOException;
    }

    private final EventReader manifests;
    private final EventReader chunks;
    private final Topics topics;
    private final WeightLine line;

    public WeightsFollower(KafkaSettings kafka, EventSerdes serdes, Topics topics, WeightLine line) {
        this.topics = topics;
        this.line = line;
        this.manifests = new EventReader(kafka, serdes, List.of(topics.versions(line)));
        this.chunks = new EventReader(kafka, serdes, List.of(topics.weights(line)));
    }

    /** The versions published since the last call, oldest first; empty where none came within the timeout. */
    public List<WeightsManifest> poll(Duration timeout) {
        return manifests.poll(timeout).stream()
                .map(received -> (WeightsManifest) received.event())
                .toList();
    }

    /**
     * Fetches a version's weights.
     *
     * @throws LogException where the bytes on the log are not those of the manifest; the sink has then not been called
     */
    public void fetch(WeightsManifest manifest, Sink sink) {
        List<InputStream> parts = new ArrayList<>(manifest.getChunks());
        chunks.seek(topics.weights(line), 0, manifest.getFirstChunkOffset());
        long deadline = System.nanoTime() + FETCH_PATIENCE.toNanos();
        while (parts.size() < manifest.getChunks()) {
            for (Received<?> received : chunks.poll(Duration.ofMillis(500))) {
                if (parts.size() < manifest.getChunks()) {
                    parts.add(checked(manifest, parts.size(), (WeightsChunk) received.event()));
                }
            }
            if (System.nanoTime() > deadline) {
                throw corrupt(manifest, parts.size() + " of " + manifest.getChunks() + " chunks are there");
            }
        }
        try (ReadableByteChannel channel =
                Channels.newChannel(new SequenceInputStream(Collections.enumeration(parts)))) {
            sink.readFrom(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private InputStream checked(WeightsManifest manifest, int index, WeightsChunk chunk) {
        if (chunk.getVersion() != manifest.getVersion() || chunk.getIndex() != index) {
            throw corrupt(
                    manifest,
                    "chunk " + index + " is expected, chunk " + chunk.getIndex() + " of version " + chunk.getVersion()
                            + " is there");
        }
        byte[] data = Utils.toArray(chunk.getData());
        if (Crc32C.compute(data, 0, data.length) != chunk.getCrc32c()) {
            throw corrupt(manifest, "chunk " + index + " fails its CRC-32C");
        }
        return new ByteArrayInputStream(data);
    }

    private LogException corrupt(WeightsManifest manifest, String what) {
        return new LogException(
                topics.weights(line).name() + ": version " + manifest.getVersion() + " can't be read: " + what);
    }

    @Override
    public void close() {
        manifests.close();
        chunks.close();
    }
}
