package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster that somebody else administers. */
class ManagedClusterIT {
    private static final String CHECK_ONLY = "--set=kafka.auto.register.schemas=false";

    /** A property of topics that changes nothing here. */
    private static final String MARK = "--set=kafka.topic.file.delete.delay.ms=60001";

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldTrainWithoutRegisteringSchemas() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            invoke(cluster, "train", "--steps=1", CHECK_ONLY)
                    .assertRefusedButForTheBroker("auto.register.schemas is false, and the registry lacks the schema of"
                            + " managed.runs.v1-value, ");

            Invocation created = invoke(
                    cluster,
                    "topics",
                    "--create",
                    "--set=kafka.topic.min.insync.replicas=1",
                    MARK,
                    "--set=replication.factor=1");
            assertThat(created.code()).as(created.err()).isZero();
            assertThat(created.err()).contains("topics of run 'managed' have 1 replicas and min.insync.replicas 1: ");
            List<String> subjects = new ArrayList<>();
            for (Topic<?> topic : new Topics("managed", 1).all()) {
                subjects.add(topic.name() + "-value");
                assertThat(get(cluster.registryUrl() + "/config/" + topic.name() + "-value"))
                        .contains("FULL_TRANSITIVE");
            }

            Invocation trained = invoke(
                    cluster,
                    "train",
                    "--steps=2",
                    CHECK_ONLY,
                    MARK,
                    "--data-dir=" + directory.resolve("data"),
                    "--runs-dir=" + directory.resolve("runs"));
            assertThat(trained.code()).as(trained.err()).isZero();
            assertThat(trained.out()).contains("warning: topics of run 'managed' have 1 replicas");
            assertThat(marked(cluster))
                    .contains(
                            "managed.rollouts.v1",
                            "managed.rollouts.v1.dlq",
                            "managed.advantage-stream-requests-changelog");
            assertThat(get(cluster.registryUrl() + "/subjects")
                            .replaceAll("[\\[\\]\"]", "")
                            .split(","))
                    .containsExactlyInAnyOrderElementsOf(subjects);
        }
    }

    /** Names of the topics that have the property. */
    private static List<String> marked(EmbeddedCluster cluster) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers()))) {
            List<ConfigResource> topics = admin.listTopics().names().get().stream()
                    .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                    .toList();
            return admin.describeConfigs(topics).all().get().entrySet().stream()
                    .filter(topic ->
                            topic.getValue().get("file.delete.delay.ms").value().equals("60001"))
                    .map(topic -> topic.getKey().name())
                    .toList();
        }
    }

    private static Invocation invoke(EmbeddedCluster cluster, String... arguments) {
        List<String> command = new ArrayList<>(List.of(arguments));
        command.addAll(List.of(
                "--run=managed",
                "--set=batch.size=32",
                "--bootstrap-servers=" + cluster.bootstrapServers(),
                "--schema-registry-url=" + cluster.registryUrl()));
        return Invocation.of(command.toArray(String[]::new));
    }

    private static String get(String url) throws IOException {
        try (InputStream in = URI.create(url).toURL().openStream()) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
