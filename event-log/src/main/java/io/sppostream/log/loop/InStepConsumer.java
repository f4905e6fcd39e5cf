package io.sppostream.log.loop;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The consumer of a stream thread. Keeps its {@link TopicsInStep} by pausing those that are ahead, and tells {@link
 * PolledRecords} of its polls.
 */
final class InStepConsumer extends KafkaConsumer<byte[], byte[]> {
    private final TopicsInStep topics = new TopicsInStep();

    /** What is ahead, and paused for that. */
    private Set<TopicPartition> held = Set.of();

    /** What Kafka Streams has paused: its buffers are full, or its stores are being restored. */
    private final Set<TopicPartition> paused = new HashSet<>();

    InStepConsumer(Map<String, Object> settings) {
        super(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
        boolean more = false;
        for (TopicPartition partition : records.partitions()) {
            List<ConsumerRecord<byte[], byte[]>> read = records.records(partition);
            topics.read(partition, read.get(read.size() - 1).timestamp());
            more |= lag(partition) > 0;
        }
        hold(topics.ahead(assignment(), this::lag));
        PolledRecords.ofThread().polled(records.count(), more);
        return records;
    }

    private long lag(TopicPartition partition) {
        return super.currentLag(partition).orElse(0);
    }

    private void hold(Set<TopicPartition> ahead) {
        if (!ahead.equals(held)) {
            Set<TopicPartition> released = without(held, ahead);
            super.pause(ahead);
            super.resume(without(released, paused));
            held = ahead;
        }
    }

    @Override
    public void pause(Collection<TopicPartition> partitions) {
        paused.addAll(partitions);
        super.pause(partitions);
    }

    @Override
    public void resume(Collection<TopicPartition> partitions) {
        paused.removeAll(partitions);
        super.resume(without(partitions, held));
    }

    /** Records behind the position; none of what is held, so that with {@code max.task.idle.ms} no task waits for it. */
    @Override
    public OptionalLong currentLag(TopicPartition partition) {
        return held.contains(partition) ? OptionalLong.of(0) : super.currentLag(partition);
    }

    @Override
    public void subscribe(Collection<String> names, ConsumerRebalanceListener listener) {
        super.subscribe(names, new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                listener.onPartitionsAssigned(partitions);
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                listener.onPartitionsRevoked(partitions);
                forget(partitions);
            }

            @Override
            public void onPartitionsLost(Collection<TopicPartition> partitions) {
                listener.onPartitionsLost(partitions);
                forget(partitions);
            }
        });
    }

    /** A partition that is assigned again begins unpaused. */
    private void forget(Collection<TopicPartition> partitions) {
        held = without(held, partitions);
        paused.removeAll(partitions);
    }

    private static Set<TopicPartition> without(
            Collection<TopicPartition> partitions, Collection<TopicPartition> others) {
        Set<TopicPartition> rest = new HashSet<>(partitions);
        rest.removeAll(others);
        return rest;
    }
}
