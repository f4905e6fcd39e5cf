package io.sppostream.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates the topics of a namespace and checks those that are there. */
public final class TopicAdmin implements AutoCloseable {
    private static final long TIMEOUT_SECONDS = 15;

    private final KafkaSettings kafka;
    private final Admin admin;

    /** @throws LogException where no broker answers */
    public TopicAdmin(KafkaSettings kafka) {
        this.kafka = kafka;
        Map<String, Object> settings = kafka.admin();
        settings.putIfAbsent("default.api.timeout.ms", (int) TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
        settings.putIfAbsent("request.timeout.ms", 5_000);
        try {
            this.admin = kafka.clients().admin(settings);
        } catch (KafkaException e) {
            throw unreachable(e);
        }
    }

    /** Whether the namespace has topics already. */
    public boolean exists(Topics topics) {
        return names().contains(topics.runs().name());
    }

    /**
     * Creates what is missing, dead-letter topics included.
     *
     * @param replication replicas of each partition; the broker's default where -1
     * @throws LogException where a topic is there with another number of partitions
     */
    public void create(Topics topics, short replication) {
        Set<String> present = names();
        List<NewTopic> missing = new ArrayList<>();
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            if (!present.contains(topic.name())) {
                missing.add(topic.newTopic(replication));
            }
            if (!present.contains(topic.deadLetters())) {
                missing.add(topic.newDeadLetterTopic(replication));
            }
        }
        admin.createTopics(missing).values().forEach((name, created) -> {
            try {
                created.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw new LogException("topic " + name + " can't be created: " + LogException.reason(e));
                }
            } catch (TimeoutException e) {
                throw unreachable(e);
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        });
        check(topics, present);
    }

    private void check(Topics topics, Set<String> present) {
        Map<String, Integer> expected = new HashMap<>();
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            if (present.contains(topic.name())) {
                expected.put(topic.name(), topic.partitions());
            }
        }
        Map<String, TopicDescription> found =
                await(admin.describeTopics(expected.keySet()).allTopicNames());
        expected.forEach((name, partitions) -> {
            int actual =
                    Objects.requireNonNull(found.get(name), name).partitions().size();
            if (actual != partitions) {
                throw new LogException("topic " + name + " has " + actual + " partitions, " + partitions
                        + " are configured: set partitions to " + actual + ", or use another namespace");
            }
        });
    }

    /** The offset after a partition's last record, those of open transactions included. */
    public long end(Topic<?> topic, int partition) {
        TopicPartition only = new TopicPartition(topic.name(), partition);
        return Objects.requireNonNull(await(admin.listOffsets(Map.of(only, OffsetSpec.latest()))
                                .all())
                        .get(only))
                .offset();
    }

    private Set<String> names() {
        return new TreeSet<>(await(admin.listTopics().names()));
    }

    private <T> T await(KafkaFuture<T> future) {
        try {
            return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw unreachable(e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private LogException unreachable(Exception e) {
        String why =
                e instanceof TimeoutException ? " within " + TIMEOUT_SECONDS + " s" : ": " + LogException.reason(e);
        return new LogException("no Kafka broker answers at " + kafka.bootstrapServers() + why
                + " (check --bootstrap-servers and the broker)");
    }

    @Override
    public void close() {
        admin.close();
    }
}
