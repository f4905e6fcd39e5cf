package com.example;

import io.sppostream.events.Expired;
import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingStep;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Publishes prompts to a run, no more at a time than its learner can train on before they are stale.
 *
 * <p>Arguments: run, file of client properties with {@code bootstrap.servers}, {@code schema.registry.url} and credentials
 * (an embedded broker writes {@code client.properties} to its data directory), the most prompts under way. Standard input:
 * a prompt, a tab and the reference answer a line.
 */
public final class PublishPrompts {
    private PublishPrompts() {}

    public static void main(String[] arguments) throws IOException {
        String run = arguments[0];
        int most = Integer.parseInt(arguments[2]);
        Properties connection = new Properties();
        try (Reader in = Files.newBufferedReader(Path.of(arguments[1]))) {
            connection.load(in);
        }
        Map<String, Object> settings = new HashMap<>();
        connection.forEach((name, value) -> settings.put((String) name, value));
        settings.putAll(Map.of(
                "key.serializer", "org.apache.kafka.common.serialization.StringSerializer",
                "value.serializer", "io.confluent.kafka.serializers.KafkaAvroSerializer",
                "auto.register.schemas", false,
                "key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer",
                "value.deserializer", "io.confluent.kafka.serializers.KafkaAvroDeserializer",
                "specific.avro.reader", true,
                "isolation.level", "read_committed"));
        // Schemas are registered without what only Java reads; the serializer looks them up in that form.
        settings.put("avro.remove.java.properties", true);

        Map<String, Integer> open = new HashMap<>(); // rollouts not settled, by request
        try (KafkaConsumer<String, Object> settled = new KafkaConsumer<>(settings);
                KafkaProducer<String, Prompt> prompts = new KafkaProducer<>(settings);
                BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            List<TopicPartition> partitions = Stream.of(run + ".training-steps.v1", run + ".expired.v1")
                    .flatMap(topic -> settled.partitionsFor(topic).stream())
                    .map(each -> new TopicPartition(each.topic(), each.partition()))
                    .toList();
            settled.assign(partitions);
            settled.seekToEnd(partitions);
            partitions.forEach(settled::position); // Seeks now, before the first prompt.

            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                while (open.size() >= most) {
                    for (ConsumerRecord<String, Object> record : settled.poll(Duration.ofMillis(200))) {
                        settle(record.value(), open);
                    }
                }
                String[] fields = line.split("\t", 2);
                Prompt prompt = Prompt.newBuilder()
                        .setRequestId(UUID.randomUUID().toString())
                        .setPromptId(fields[0])
                        .setDataset("addition")
                        .setMessages(List.of(new Message("user", fields[0])))
                        .setReference(fields[1])
                        .setReleasedAt(Instant.now())
                        .build();
                open.put(prompt.getRequestId(), prompt.getSamples());
                prompts.send(new ProducerRecord<>(run + ".prompts.v1", prompt.getRequestId(), prompt));
            }
        }
    }

    /** A rollout is settled when the policy has trained on it, or when it has expired. */
    private static void settle(Object event, Map<String, Integer> open) {
        if (event instanceof TrainingStep) {
            TrainingStep step = (TrainingStep) event;
            if (step.getLine().equals("policy")) {
                step.getSamples().forEach(sample -> settle(requestId(sample.getRolloutId()), open));
            }
        } else if (event instanceof Expired) {
            Expired expired = (Expired) event;
            if (expired.getRolloutId() == null) {
                open.remove(expired.getRequestId());
            } else {
                settle(requestId(expired.getRolloutId()), open);
            }
        }
    }

    private static void settle(String requestId, Map<String, Integer> open) {
        open.computeIfPresent(requestId, (id, rollouts) -> rollouts > 1 ? rollouts - 1 : null);
    }

    /** A rollout's id is its request's, a slash, and its number. That of a follow-up's rollout begins with no request's. */
    private static String requestId(String rolloutId) {
        return rolloutId.substring(0, rolloutId.lastIndexOf('/'));
    }
}
