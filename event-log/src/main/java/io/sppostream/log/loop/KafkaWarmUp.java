package io.sppostream.log.loop;

import io.sppostream.log.KafkaClients;
import io.sppostream.log.KafkaSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.rocksdb.RocksDB;

/**
 * Loads and runs the code that Kafka's clients and Kafka Streams need to start, while an embedded broker starts. The
 * clients connect to a port on which nobody answers, and nothing is written to the disk. Stateless.
 */
public final class KafkaWarmUp {
    private static final Duration CLOSING = Duration.ofSeconds(1);

    private KafkaWarmUp() {}

    /** Creates and closes one client of each kind. */
    public static void run() {
        RocksDB.loadLibrary();
        try (ServerSocket nobody = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            KafkaSettings kafka = new KafkaSettings("127.0.0.1:" + nobody.getLocalPort(), "mock://warm-up", Map.of());
            var unused = new StreamsConfig(kafka.streams("warm-up", Path.of("warm-up"), 1));
            Class.forName(KafkaStreams.class.getName());
            KafkaClients.NETWORK.consumer(kafka.consumer()).close();
            KafkaClients.NETWORK
                    .producer(kafka.transactionalProducer("warm-up", CLOSING))
                    .close(CLOSING);
            KafkaClients.NETWORK.admin(kafka.admin()).close(CLOSING);
        } catch (IOException | ClassNotFoundException e) {
            // The clients start cold.
        }
    }
}
