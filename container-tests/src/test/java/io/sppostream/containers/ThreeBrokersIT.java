package io.sppostream.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sppostream.events.catalogue.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.kafka.KafkaContainer;

/** A run over three brokers, of which one is killed: three replicas, two of which must have a record. */
class ThreeBrokersIT {
    private static final int STEPS = 20;
    private static final int STEPS_BEFORE_KILL = 5;

    @BeforeAll
    static void needEngine() {
        Containers.requireEngine();
    }

    @Test
    void shouldLoseNothingAndTrainTheSameWeightsWhenABrokerIsKilled(@TempDir Path directory) throws Exception {
        try (Network network = Network.newNetwork();
                GenericContainer<?> registry = Containers.registry()) {
            List<KafkaContainer> brokers = Containers.threeBrokers(network);
            try {
                List<GenericContainer<?>> all = new ArrayList<>(brokers);
                all.add(registry);
                Containers.start(all);
                String bootstrapServers = brokers.stream()
                        .map(KafkaContainer::getBootstrapServers)
                        .map(address -> address.replaceFirst("^.*://", ""))
                        .collect(Collectors.joining(","));
                Training containers = new Training(
                        directory.resolve("containers"),
                        List.of(
                                "--bootstrap-servers=" + bootstrapServers,
                                "--schema-registry-url=" + Containers.url(registry)));
                Training embedded = new Training(directory.resolve("embedded"), List.of());

                CompletableFuture<JsonNode> disturbed =
                        CompletableFuture.supplyAsync(() -> trainUnchecked(containers, "disturbed"));
                awaitSteps(bootstrapServers, disturbed);
                KafkaContainer victim = brokers.get(2);
                victim.getDockerClient()
                        .killContainerCmd(victim.getContainerId())
                        .exec();

                String weights = Training.weights(disturbed.join());
                containers.audit("disturbed");
                assertThat(weights).isEqualTo(Training.weights(embedded.train("undisturbed", STEPS)));
            } finally {
                brokers.forEach(GenericContainer::stop);
            }
        }
    }

    private static JsonNode trainUnchecked(Training training, String run) {
        try {
            return training.train(run, STEPS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the ledger has some steps, or the run has failed. */
    private static void awaitSteps(String bootstrapServers, CompletableFuture<JsonNode> run) {
        TopicPartition ledger =
                new TopicPartition(new Topics("disturbed", 1).trainingSteps().name(), 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            await().atMost(Duration.ofMinutes(4)).until(() -> {
                assertThat(run).as("the run").isNotDone();
                return consumer.listTopics().containsKey(ledger.topic())
                        && consumer.endOffsets(List.of(ledger)).getOrDefault(ledger, 0L) > STEPS_BEFORE_KILL;
            });
        }
    }
}
