package io.sppostream.log.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.TopicAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two topics with a backlog, of large and of small records: a consumer of Kafka reads all of the small ones first. */
class InStepConsumerIT {
    private static final Topics TOPICS = new Topics("in-step", 1);
    private static final TopicPartition LARGE =
            new TopicPartition(TOPICS.rollouts().name(), 0);
    private static final TopicPartition SMALL =
            new TopicPartition(TOPICS.verdicts().name(), 0);
    private static final int RECORDS = 20_000;
    private static final int A_POLL = 500;
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldReadTopicsInStepWhileEitherHasABacklogAndAllOfBothInTheEnd() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory));
                EventSerdes serdes = new EventSerdes(cluster.kafka())) {
            KafkaSettings kafka = cluster.kafka();
            serdes.register(TOPICS);
            try (TopicAdmin admin = new TopicAdmin(kafka)) {
                admin.create(TOPICS, (short) 1);
            }
            write(kafka);

            Map<String, Object> settings = new HashMap<>(kafka.consumer());
            settings.put(ConsumerConfig.GROUP_ID_CONFIG, "in-step.join");
            settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, A_POLL);
            try (Consumer<byte[], byte[]> consumer = new StreamsClients().getConsumer(settings)) {
                consumer.subscribe(List.of(LARGE.topic(), SMALL.topic()), new NoListener());
                long deadline = System.nanoTime() + TIMEOUT.toNanos();
                int large = 0;
                int small = 0;
                boolean met = false;
                int furthestApart = 0;
                while (large < RECORDS || small < RECORDS) {
                    assertThat(System.nanoTime())
                            .as("%d and %d are read in time", large, small)
                            .isLessThan(deadline);
                    ConsumerRecords<byte[], byte[]> polled = consumer.poll(Duration.ofMillis(100));
                    large += polled.records(LARGE).size();
                    small += polled.records(SMALL).size();
                    boolean more = (!polled.records(LARGE).isEmpty() && large < RECORDS)
                            || (!polled.records(SMALL).isEmpty() && small < RECORDS);
                    polled.forEach(record -> PolledRecords.ofThread().processed());
                    assertThat(PolledRecords.ofThread().areProcessed())
                            .as("no more after %d and %d", large, small)
                            .isEqualTo(!more);
                    int apart = Math.abs(large - small);
                    met |= small > 0 && large > 0 && apart <= A_POLL;
                    if (!met) {
                        Thread.sleep(10); // The end of the topic that was not read first has to be asked for.
                    } else if (Math.min(large, small) <= RECORDS - TopicsInStep.BACKLOG) {
                        furthestApart = Math.max(furthestApart, apart);
                    }
                }
                assertThat(furthestApart).as("records that one topic is ahead").isBetween(1, 2 * A_POLL);
                assertThat(consumer.paused()).isEmpty();
            }
        }
    }

    private static void write(KafkaSettings kafka) {
        long start = System.currentTimeMillis();
        try (Producer<byte[], byte[]> producer = kafka.clients().producer(kafka.producer())) {
            for (int i = 0; i < RECORDS; i++) {
                producer.send(new ProducerRecord<>(LARGE.topic(), 0, start + i, null, new byte[2_000]));
                producer.send(new ProducerRecord<>(SMALL.topic(), 0, start + i, null, new byte[20]));
            }
        }
    }

    private static final class NoListener implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}
    }
}
