package io.sppostream.secured;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.cli.Invocation;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.catalogue.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Apicurio's registry, a server of another house that speaks Confluent's protocol. */
class ApicurioIT {
    private static final Path SERVER = Path.of(System.getProperty("apicurio.home", "target/apicurio"));

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldRegisterCheckAndTrainWithApicuriosServer() throws Exception {
        assumeThat(SERVER)
                .as("Apicurio's server is fetched by mvn -Papicurio; this test is skipped without")
                .isDirectory();
        int port = freePort();
        Process server = start(port);
        String url = "http://127.0.0.1:" + port + "/apis/ccompat/v7";
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            await().atMost(Duration.ofMinutes(2))
                    .ignoreExceptions()
                    .until(() -> send("GET", url + "/subjects", "").statusCode() == 200);
            // A version that lacks a field without default which this one has, and has one that this one lacks.
            String subject = "compat.values.v1-value";
            HttpResponse<String> other = send(
                    "POST",
                    url + "/subjects/" + subject + "/versions",
                    "{\"schema\": \"{\\\"type\\\": \\\"record\\\", \\\"name\\\": \\\"Value\\\", \\\"namespace\\\":"
                            + " \\\"io.sppostream.events\\\", \\\"fields\\\": [{\\\"name\\\": \\\"judge\\\","
                            + " \\\"type\\\": \\\"string\\\"}]}\"}");
            assertThat(other.statusCode()).as(other.body()).isEqualTo(200);
            invoke(cluster, url, "compat", "topics", "--register")
                    .assertRefusedButForTheBroker(
                            "nothing was registered", subject + ", version 1: ", "The field 'judge' ");
            assertThat(send("GET", url + "/subjects", "").body()).isEqualTo("[\"" + subject + "\"]");

            Invocation registered = invoke(cluster, url, "apicurio", "topics", "--register");
            assertThat(registered.code()).as(registered.err()).isZero();
            Invocation again = invoke(cluster, url, "apicurio", "topics", "--register");
            assertThat(again.code()).as(again.err()).isZero();
            for (var topic : new Topics("apicurio", 1).all()) {
                assertThat(send("GET", url + "/config/" + topic.name() + "-value", "")
                                .body())
                        .contains("FULL_TRANSITIVE");
            }

            Invocation trained = invoke(
                    cluster,
                    url,
                    "apicurio",
                    "train",
                    "--steps=2",
                    "--data-dir=" + directory.resolve("data"),
                    "--runs-dir=" + directory.resolve("runs"));
            assertThat(trained.code()).as(trained.err()).isZero();
            Invocation audited = Invocation.of(
                    "audit",
                    "--run=apicurio",
                    "--client-properties=" + cluster.clientProperties(),
                    "--schema-registry-url=" + url);
            assertThat(audited.code()).as(audited.out() + audited.err()).isZero();
        } finally {
            server.destroy();
            assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static Invocation invoke(EmbeddedCluster cluster, String url, String run, String... arguments) {
        List<String> command = new ArrayList<>(List.of(arguments));
        command.addAll(List.of(
                "--run=" + run,
                "--set=batch.size=32",
                "--client-properties=" + cluster.clientProperties(),
                "--schema-registry-url=" + url));
        return Invocation.of(command.toArray(String[]::new));
    }

    private Process start(int port) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(List.of(
                "-Xmx384m",
                "-XX:TieredStopAtLevel=1",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=" + port,
                "-Dquarkus.management.host=127.0.0.1",
                "-Dquarkus.management.port=" + freePort(),
                "-jar"));
        try (var files = Files.list(SERVER)) {
            command.add(files.filter(file -> file.toString().endsWith("-runner.jar"))
                    .findFirst()
                    .orElseThrow()
                    .toAbsolutePath()
                    .toString());
        }
        return new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("apicurio.log").toFile())
                .start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static HttpResponse<String> send(String method, String url, String body)
            throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(url))
                                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                                .timeout(Duration.ofSeconds(20))
                                .method(method, HttpRequest.BodyPublishers.ofString(body, UTF_8))
                                .build(),
                        HttpResponse.BodyHandlers.ofString(UTF_8));
    }
}
