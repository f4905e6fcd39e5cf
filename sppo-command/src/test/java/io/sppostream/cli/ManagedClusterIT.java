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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster that somebody else administers. */
class ManagedClusterIT {
    private static final String CHECK_ONLY = "--set=kafka.auto.register.schemas=false";

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldTrainWithoutRegisteringSchemas() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            invoke(cluster, "train", "--steps=1", CHECK_ONLY)
                    .assertRefusedButForTheBroker("auto.register.schemas is false, and the registry lacks the schema of"
                            + " managed.runs.v1-value, ");

            assertThat(invoke(cluster, "topics", "--create").code()).isZero();
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
                    "--data-dir=" + directory.resolve("data"),
                    "--runs-dir=" + directory.resolve("runs"));
            assertThat(trained.code()).as(trained.err()).isZero();
            assertThat(get(cluster.registryUrl() + "/subjects")
                            .replaceAll("[\\[\\]\"]", "")
                            .split(","))
                    .containsExactlyInAnyOrderElementsOf(subjects);
        }
    }

    private static Invocation invoke(EmbeddedCluster cluster, String... arguments) {
        List<String> command = new ArrayList<>(List.of(arguments));
        command.addAll(
                List.of("--run=managed", "--set=batch.size=32", "--client-properties=" + cluster.clientProperties()));
        return Invocation.of(command.toArray(String[]::new));
    }

    private static String get(String url) throws IOException {
        try (InputStream in = URI.create(url).toURL().openStream()) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
