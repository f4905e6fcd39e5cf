package io.sppostream.containers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.kafka.KafkaContainer;

/** A run over a broker and a registry that are not the embedded ones. */
class BrokerContainerIT {
    private static final int STEPS = 3;

    @BeforeAll
    static void needEngine() {
        Containers.requireEngine();
    }

    @Test
    void shouldTrainTheSameWeightsAsOverTheEmbeddedBroker(@TempDir Path directory) throws Exception {
        try (KafkaContainer broker = Containers.broker();
                GenericContainer<?> registry = Containers.registry()) {
            Containers.start(List.of(broker, registry));
            Training containers = new Training(
                    directory.resolve("containers"),
                    List.of(
                            "--bootstrap-servers=" + broker.getBootstrapServers(),
                            "--schema-registry-url=" + Containers.url(registry)));
            Training embedded = new Training(directory.resolve("embedded"), List.of());

            String weights = Training.weights(containers.train("in-containers", STEPS));
            containers.audit("in-containers");

            assertThat(weights).isEqualTo(Training.weights(embedded.train("embedded", STEPS)));
        }
    }
}
