package io.sppostream.containers;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;

/** The containers of the tests. Their images are those of {@code docker-compose.yml}. Stateless. */
final class Containers {
    /** The folder that the tests of this module run in is the module's. */
    static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    private static final int REGISTRY_PORT = 8080;

    private Containers() {}

    /** Skips the test, with the reason, if no container engine is in reach. */
    static void requireEngine() {
        String missing = System.getenv("CONTAINERS_MISSING");
        assumeTrue(missing == null, () -> "no containers: " + missing);
        assumeTrue(
                DockerClientFactory.instance().isDockerAvailable(),
                "no container engine answers; .ci/containers starts one, on Debian as root");
    }

    /** The image of a repository, with the tag that {@code docker-compose.yml} pins. */
    static DockerImageName image(String repository) throws IOException {
        try (Stream<String> lines = Files.lines(REPOSITORY.resolve("docker-compose.yml"))) {
            return lines.map(String::strip)
                    .filter(line -> line.startsWith("image: " + repository + ":"))
                    .map(line -> DockerImageName.parse(line.substring("image: ".length())))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** One broker. */
    static KafkaContainer broker() throws IOException {
        return new KafkaContainer(image("apache/kafka"))
                .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
                .withEnv("KAFKA_MESSAGE_MAX_BYTES", "4194304");
    }

    /** Three brokers, each a controller, too: three replicas of each topic, of which two must have a record. */
    static List<KafkaContainer> threeBrokers(Network network) throws IOException {
        DockerImageName image = image("apache/kafka");
        return Stream.of(1, 2, 3)
                .map(id -> new KafkaContainer(image)
                        .withNetwork(network)
                        .withNetworkAliases("broker-" + id)
                        .withCreateContainerCmdModifier(command -> command.withHostName("broker-" + id))
                        .withEnv("KAFKA_NODE_ID", String.valueOf(id))
                        .withEnv("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@broker-1:9094,2@broker-2:9094,3@broker-3:9094")
                        .withEnv("KAFKA_DEFAULT_REPLICATION_FACTOR", "3")
                        .withEnv("KAFKA_MIN_INSYNC_REPLICAS", "2")
                        .withEnv("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "3")
                        .withEnv("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "3")
                        .withEnv("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "2")
                        .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
                        .withEnv("KAFKA_MESSAGE_MAX_BYTES", "4194304"))
                .toList();
    }

    /** A schema registry that keeps its schemas in memory. */
    static GenericContainer<?> registry() throws IOException {
        return new GenericContainer<>(image("apicurio/apicurio-registry"))
                .withExposedPorts(REGISTRY_PORT)
                .waitingFor(Wait.forHttp("/apis/ccompat/v7/subjects").forPort(REGISTRY_PORT));
    }

    /** The URL of {@link #registry()}, once it is started, for {@code schema.registry.url}. */
    static String url(GenericContainer<?> registry) {
        return "http://" + registry.getHost() + ":" + registry.getMappedPort(REGISTRY_PORT) + "/apis/ccompat/v7";
    }

    /** Starts containers at the same time: a broker of several is ready only together with others. */
    static void start(List<? extends GenericContainer<?>> containers) {
        Startables.deepStart(containers).join();
    }
}
