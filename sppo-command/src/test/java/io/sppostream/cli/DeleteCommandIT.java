package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.TopicAdmin;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeleteCommandIT {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldDeleteARunFromTheEmbeddedDataAndLeaveOthersAlone() throws Exception {
        for (String run : List.of("kept", "gone")) {
            assertThat(Main.run("train", "--run=" + run, "--steps=2", "--set=batch.size=32", data(), runs()))
                    .isZero();
        }
        assertThat(files("data/state")).anyMatch(name -> name.startsWith("gone."));
        assertThat(files("data/kafka-logs")).anyMatch(name -> name.startsWith("gone."));

        delete("gone").assertRefused("there is no terminal to ask for confirmation: give --yes");
        delete("nobody", "--yes").assertRefused("there is no run 'nobody' at");
        Invocation deleted = delete("gone", "--yes");

        assertThat(deleted.code()).as(deleted.err()).isZero();
        assertThat(deleted.out())
                .contains(" topics with their schemas, ", " consumer groups\n", directory.resolve("runs/gone") + ", ")
                .containsPattern("deleted run 'gone': \\d+\\.\\d MB freed\n");
        for (String folder : List.of("data/state", "data/kafka-logs", "runs")) {
            assertThat(files(folder))
                    .as(folder)
                    .noneMatch(name -> name.equals("gone") || name.startsWith("gone."))
                    .anyMatch(name -> name.equals("kept") || name.startsWith("kept."));
        }
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            KafkaSettings kafka = cluster.kafka();
            assertThat(namesOn(kafka)).as(deleted.out()).noneMatch(name -> name.startsWith("gone."));
            assertThat(get(cluster.registryUrl() + "/subjects?deleted=true"))
                    .doesNotContain("\"gone.")
                    .contains("\"kept.");
        }
        assertThat(Main.run("audit", "--run=kept", data())).isZero();
        assertThat(Main.run("train", "--run=gone", "--steps=1", "--set=batch.size=32", data(), runs()))
                .as("a run of the same name begins anew")
                .isZero();
    }

    @Test
    void shouldRefuseWhileAGroupOfTheRunHasMembersAndKeepForeignTopics() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            KafkaSettings kafka = cluster.kafka();
            Topics topics = new Topics("busy", 1);
            try (EventSerdes serdes = new EventSerdes(kafka);
                    TopicAdmin admin = new TopicAdmin(kafka)) {
                serdes.register(topics);
                admin.create(topics, (short) 1);
            }
            try (Admin admin = Admin.create(kafka.admin())) {
                admin.createTopics(List.of(new NewTopic("busy.orders", 1, (short) 1)))
                        .all()
                        .get();
            }
            try (KafkaConsumer<byte[], byte[]> member = new KafkaConsumer<>(
                    kafka.consumer(topics.application("rollout-producer")),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer())) {
                member.subscribe(List.of(topics.prompts().name()));
                await().atMost(Duration.ofSeconds(30)).until(() -> {
                    member.poll(Duration.ofMillis(100));
                    return !member.assignment().isEmpty();
                });

                delete("busy", "--yes")
                        .assertRefusedButForTheBroker(
                                "run 'busy' is in progress (busy.rollout-producer): stop its roles first");
            }
            Invocation deleted = delete("busy", "--yes");

            assertThat(deleted.code()).as(deleted.err()).isZero();
            assertThat(deleted.out()).contains("brokers remove the files of deleted topics about a minute later");
            assertThat(namesOn(kafka)).containsOnlyOnce("busy.orders").noneMatch(name -> name.startsWith("busy.p"));
        }
    }

    private Invocation delete(String run, String... options) {
        List<String> command = new ArrayList<>(List.of("delete", "--run=" + run, data(), runs()));
        command.addAll(List.of(options));
        return Invocation.of(command.toArray(String[]::new));
    }

    private String data() {
        return "--data-dir=" + directory.resolve("data");
    }

    private String runs() {
        return "--runs-dir=" + directory.resolve("runs");
    }

    private List<String> files(String folder) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(folder))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    /** Names of topics and ids of groups. */
    private static List<String> namesOn(KafkaSettings kafka) throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(kafka.admin())) {
            Set<String> topics = admin.listTopics().names().get();
            List<String> names = new ArrayList<>(topics);
            admin.listGroups().all().get().stream().map(GroupListing::groupId).forEach(names::add);
            return names;
        }
    }

    private static String get(String url) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
