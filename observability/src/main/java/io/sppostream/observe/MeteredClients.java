package io.sppostream.observe;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.sppostream.log.KafkaClients;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka clients of the roles' loops, measured while they are open: consumers of a group, and producers of transactions.
 * Those of short looks at the log are not. Thread-safe.
 */
final class MeteredClients implements KafkaClients {
    private final MeterRegistry registry;
    private final ScheduledExecutorService refresh;

    /** @param refresh looks for metrics that clients add later, such as those of a topic */
    MeteredClients(MeterRegistry registry, ScheduledExecutorService refresh) {
        this.registry = registry;
        this.refresh = refresh;
    }

    @Override
    public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
        return settings.containsKey(ConsumerConfig.GROUP_ID_CONFIG)
                ? new MeteredConsumer(settings)
                : NETWORK.consumer(settings);
    }

    @Override
    public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
        return settings.containsKey(ProducerConfig.TRANSACTIONAL_ID_CONFIG)
                ? new MeteredProducer(settings)
                : NETWORK.producer(settings);
    }

    @Override
    public Admin admin(Map<String, Object> settings) {
        return NETWORK.admin(settings);
    }

    private final class MeteredConsumer extends KafkaConsumer<byte[], byte[]> {
        private final KafkaClientMetrics meters;

        MeteredConsumer(Map<String, Object> settings) {
            super(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            meters = new KafkaClientMetrics(this, Tags.empty(), refresh);
            meters.bindTo(registry);
        }

        @Override
        public void close() {
            meters.close();
            super.close();
        }

        @Override
        public void close(CloseOptions options) {
            meters.close();
            super.close(options);
        }
    }

    private final class MeteredProducer extends KafkaProducer<byte[], byte[]> {
        private final KafkaClientMetrics meters;

        MeteredProducer(Map<String, Object> settings) {
            super(settings, new ByteArraySerializer(), new ByteArraySerializer());
            meters = new KafkaClientMetrics(this, Tags.empty(), refresh);
            meters.bindTo(registry);
        }

        @Override
        public void close() {
            meters.close();
            super.close();
        }

        @Override
        public void close(Duration timeout) {
            meters.close();
            super.close(timeout);
        }
    }
}
