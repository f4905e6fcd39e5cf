package io.sppostream.log.weights;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.OptimizerState;
import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaClients;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Crc32C;

/**
 * A weights topic that holds nothing in memory: each poll makes the chunk at the consumer's position. Version 1 is a
 * snapshot, later versions are deltas. Not thread-safe.
 */
final class GeneratedWeights implements KafkaClients {
    /** Small enough for G1 to put several in a region. */
    static final int PIECE = 256 << 10;

    final Topics topics = new Topics("generated", 1);
    private final int pieces;
    private final TopicPartition partition =
            new TopicPartition(topics.weights(ModelKind.POLICY).name(), 0);
    private final EventSerdes serdes = new EventSerdes(new KafkaSettings(
            "unused:9092", "mock://generated-weights", Map.of("rule.service.loader.enable", "false")));
    private final Runnable beforeChunk;
    private final List<WeightsManifest> manifests = new ArrayList<>();

    /** The chunk from which on nothing arrives. */
    long stalledFrom = Long.MAX_VALUE;

    /** @param beforeChunk called before each poll */
    GeneratedWeights(int pieces, int versions, Runnable beforeChunk) {
        this.pieces = pieces;
        this.beforeChunk = beforeChunk;
        for (int version = 1; version <= versions; version++) {
            manifests.add(new WeightsManifest(
                    version,
                    version - 1,
                    version,
                    "",
                    version == 1 ? WeightsEncoding.FULL : WeightsEncoding.DELTA,
                    0L,
                    pieces,
                    first(version),
                    "{}",
                    version == 1 ? new OptimizerState("", 0L, 2 * pieces, (long) pieces) : null,
                    Instant.EPOCH,
                    null,
                    List.of()));
        }
    }

    RunLog runLog() {
        return new RunLog(new KafkaSettings("unused:9092", "mock://unused", Map.of(), this), serdes, topics);
    }

    WeightsManifest manifest(int version) {
        return manifests.get(version - 1);
    }

    /** The snapshot has its weights and two pieces of optimizer state for each. */
    private long first(int version) {
        return version == 1 ? 0 : 3L * pieces + (long) (version - 2) * pieces;
    }

    /** A piece of a version. */
    byte[] piece(int version, int index) {
        byte[] piece = new byte[PIECE];
        new SplittableRandom(index).nextBytes(piece);
        for (int i = 0; i < version; i++) {
            piece[i] ^= (byte) version;
        }
        return piece;
    }

    private ConsumerRecord<byte[], byte[]> record(long offset) {
        int version = offset < 3L * pieces ? 1 : 2 + (int) ((offset - 3L * pieces) / pieces);
        int index = (int) (offset - first(version));
        byte[] piece = piece(version, index);
        byte[] data = version == 1 ? piece : WeightsDelta.encode(piece(version - 1, index), piece);
        WeightsChunk chunk =
                new WeightsChunk(version, index, Crc32C.compute(piece, 0, piece.length), ByteBuffer.wrap(data));
        byte[] value = serdes.serializer(topics.weights(ModelKind.POLICY)).serialize(partition.topic(), chunk);
        return new ConsumerRecord<>(partition.topic(), 0, offset, "1".getBytes(UTF_8), value);
    }

    @Override
    public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
        return new MockConsumer<>("earliest") {
            private long position;

            @Override
            public synchronized void seek(TopicPartition at, long offset) {
                position = offset;
            }

            @Override
            public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
                beforeChunk.run();
                if (!assignment().contains(partition) || position >= stalledFrom) {
                    return ConsumerRecords.empty();
                }
                return new ConsumerRecords<>(Map.of(partition, List.of(record(position++))), Map.of());
            }
        };
    }

    @Override
    public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Admin admin(Map<String, Object> settings) {
        throw new UnsupportedOperationException();
    }
}
