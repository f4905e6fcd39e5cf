package io.sppostream.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What another user of the machine can do at the ports of an embedded cluster, and in its files: nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DoorsIT {
    private Path data = Path.of("");
    private EmbeddedCluster cluster;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        data = directory.resolve("data");
        cluster = EmbeddedCluster.start(new EmbeddedSettings(data));
        EmbeddedClusterIT.createTopic(cluster);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    private static Map<String, Object> intruder(String servers, Map<String, String> credentials) {
        Map<String, Object> settings = new java.util.HashMap<>(credentials);
        settings.put("bootstrap.servers", servers);
        settings.put("max.block.ms", 4_000);
        settings.put("default.api.timeout.ms", 4_000);
        settings.put("request.timeout.ms", 2_000);
        return settings;
    }

    private static void shouldBeKeptOut(Map<String, Object> settings) {
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            assertThatThrownBy(() -> producer.send(new ProducerRecord<>(EmbeddedClusterIT.TOPIC, "weights"))
                            .get())
                    .as("produce")
                    .isInstanceOfAny(ExecutionException.class, KafkaException.class);
        }
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(EmbeddedClusterIT.TOPIC, 0);
            assertThatThrownBy(() -> consumer.endOffsets(List.of(partition)))
                    .as("consume")
                    .isInstanceOf(KafkaException.class);
        }
    }

    @Test
    void shouldKeepOutProducersAndConsumersWithoutTheSecret() {
        shouldBeKeptOut(intruder(cluster.bootstrapServers(), Map.of()));
    }

    @Test
    void shouldKeepOutProducersAndConsumersWithAnotherSecret() {
        Map<String, Object> settings =
                intruder(cluster.bootstrapServers(), ClusterSecret.random().kafkaClient());
        shouldBeKeptOut(settings);
        try (Admin admin = Admin.create(settings)) {
            assertThatThrownBy(() -> admin.listTopics().names().get())
                    .hasCauseInstanceOf(SaslAuthenticationException.class);
        }
    }

    @Test
    void shouldKeepOutClientsOfTheController() throws IOException {
        Properties broker = new Properties();
        try (InputStream in = Files.newInputStream(data.resolve("broker.properties"))) {
            broker.load(in);
        }
        String controller = broker.getProperty("controller.quorum.voters").replace("1@", "");
        for (Map<String, String> credentials :
                List.of(Map.<String, String>of(), ClusterSecret.random().kafkaClient())) {
            Map<String, Object> settings = intruder("", credentials);
            settings.remove("bootstrap.servers");
            settings.put("bootstrap.controllers", controller);
            try (Admin admin = Admin.create(settings)) {
                assertThatThrownBy(() -> admin.describeCluster().nodes().get()).isInstanceOf(ExecutionException.class);
            }
        }
    }

    @Test
    void shouldKeepTheSecretInFilesOfThisUser() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwx------");
        String password = Files.readString(data.resolve("secret")).strip();
        assertThat(password).hasSize(64);
        for (String file : List.of("secret", "client.properties", "broker.properties")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(file))))
                    .as(file)
                    .isEqualTo("rw-------");
        }
        assertThat(ProcessHandle.current()
                        .children()
                        .map(child -> child.info().commandLine().orElse("")))
                .isNotEmpty()
                .noneMatch(command -> command.contains(password));
        assertThat(Files.readString(data.resolve("broker.log"))).doesNotContain(password);
    }

    @Test
    void shouldLetOtherProcessesOfThisUserIn() throws Exception {
        RunningCluster running = RunningCluster.of(data).orElseThrow();
        try (Admin admin = Admin.create(running.kafka().admin())) {
            assertThat(admin.listTopics().names().get()).contains(EmbeddedClusterIT.TOPIC);
        }
        assertThat(RunningCluster.file(data)).exists();
    }

    @Test
    void shouldRefuseRequestsForAForeignHostOrFromAForeignPage() throws IOException {
        assertThat(answer("GET /subjects HTTP/1.1\r\nHost: evil.example:80\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
        assertThat(answer("GET /subjects HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
        assertThat(answer("GET /subjects HTTP/1.1\r\nHost: " + host() + "\r\nOrigin: http://evil.example\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
        assertThat(answer("GET /subjects HTTP/1.1\r\nHost: " + host() + "\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    @Test
    void shouldChangeNoSchemaWithoutTheSecret() throws Exception {
        String schema = "{\"schema\": \"\\\"string\\\"\"}";
        String url = cluster.registryUrl();
        assertThat(Http.send("POST", url + "/subjects/x/versions", schema).statusCode())
                .isEqualTo(401);
        assertThat(Http.send("PUT", url + "/config", "{\"compatibility\": \"NONE\"}")
                        .statusCode())
                .isEqualTo(401);
        assertThat(Http.send("DELETE", url + "/subjects/x", "").statusCode()).isEqualTo(401);
        assertThat(Http.send(
                                "POST",
                                url + "/subjects/x/versions",
                                schema,
                                cluster.kafka().properties())
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void shouldBoundBodyAndHeaders() throws Exception {
        assertThat(Http.send(
                                "POST",
                                cluster.registryUrl() + "/subjects/x/versions",
                                "x".repeat(5 << 20),
                                cluster.kafka().properties())
                        .statusCode())
                .isEqualTo(413);
        StringBuilder many = new StringBuilder("GET /subjects HTTP/1.1\r\nHost: " + host() + "\r\n");
        for (int i = 0; i < 1_000; i++) {
            many.append("X-").append(i).append(": x\r\n");
        }
        assertThat(answer(many + "\r\n")).doesNotStartWith("HTTP/1.1 200");
    }

    @Test
    void shouldNotWaitForASlowClient() throws IOException {
        try (Socket slow = connect()) {
            slow.getOutputStream().write("GET /subjects HTTP/1.1\r\nHost: ".getBytes(UTF_8));
            slow.getOutputStream().flush();
            slow.setSoTimeout((int) Duration.ofSeconds(20).toMillis());
            assertThat(slow.getInputStream().read()).as("end of the connection").isEqualTo(-1);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the registry still waits after 20 s", e);
        }
    }

    @Test
    void shouldListenOnTheLoopbackInterfaceOnly() throws IOException {
        int port = Integer.parseInt(host().replaceFirst(".*:", ""));
        for (var interfaces = java.net.NetworkInterface.getNetworkInterfaces(); interfaces.hasMoreElements(); ) {
            for (var addresses = interfaces.nextElement().getInetAddresses(); addresses.hasMoreElements(); ) {
                InetAddress address = addresses.nextElement();
                if (!address.isLoopbackAddress() && !address.isLinkLocalAddress()) {
                    assertThatThrownBy(() -> new Socket(address, port).close())
                            .as(address.toString())
                            .isInstanceOf(IOException.class);
                }
            }
        }
    }

    private String host() {
        return cluster.registryUrl().replace("http://", "");
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(host().replaceFirst(".*:", "")));
    }

    /** The first line of the answer; empty if the server closes the connection without one. */
    private String answer(String request) throws IOException {
        try (Socket socket = connect();
                OutputStream out = socket.getOutputStream()) {
            out.write(request.getBytes(UTF_8));
            out.flush();
            byte[] start = socket.getInputStream().readNBytes(12);
            return new String(start, UTF_8);
        } catch (java.net.SocketException e) {
            return "";
        }
    }
}
