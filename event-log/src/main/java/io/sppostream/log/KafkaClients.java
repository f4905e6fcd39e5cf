package io.sppostream.log;

import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Creates Kafka clients: Kafka's own or, in simulations, those of a log in memory. Thread-safe. */
public interface KafkaClients {
    /** Clients of a cluster, over the network. */
    KafkaClients NETWORK = new KafkaClients() {
        @Override
        public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
            return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }

        @Override
        public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
            return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        }

        @Override
        public Admin admin(Map<String, Object> settings) {
            return Admin.create(settings);
        }
    };

    /** A consumer of raw records; the caller closes it. */
    Consumer<byte[], byte[]> consumer(Map<String, Object> settings);

    /** A producer of raw records; the caller closes it. */
    Producer<byte[], byte[]> producer(Map<String, Object> settings);

    /** An admin client; the caller closes it. */
    Admin admin(Map<String, Object> settings);
}
