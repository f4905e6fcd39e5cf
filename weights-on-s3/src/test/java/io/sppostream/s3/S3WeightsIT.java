package io.sppostream.s3;

import static org.assertj.core.api.Assertions.assertThat;

import com.adobe.testing.s3mock.S3MockApplication;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.cli.Main;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A run whose weights are in a bucket, old versions deleted: trained, resumed, audited, exported. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class S3WeightsIT {
    private static final String BUCKET = "weights";

    private Path directory = Path.of("");
    private S3MockApplication server;

    @BeforeAll
    void start(@TempDir Path temporary) {
        directory = temporary;
        server = S3MockApplication.start(new HashMap<>(Map.of(
                S3MockApplication.PROP_INITIAL_BUCKETS, BUCKET,
                S3MockApplication.PROP_HTTP_PORT, "0",
                S3MockApplication.PROP_HTTPS_PORT, "0",
                S3MockApplication.PROP_SILENT, "true")));
        System.setProperty("s3.spi.endpoint-protocol", "http");
        System.setProperty("s3.spi.force-path-style", "true");
        System.setProperty("aws.region", "us-east-1");
        System.setProperty("aws.accessKeyId", "key");
        System.setProperty("aws.secretAccessKey", "secret");
    }

    @AfterAll
    void stop() {
        server.stop();
    }

    @Test
    @SuppressWarnings("removal") // getHttpPort: what shall replace it is not there yet.
    void shouldTrainResumeAuditAndExportWhenTheWeightsAreInABucket() throws IOException {
        String uri = "s3x://127.0.0.1:" + server.getHttpPort() + "/" + BUCKET + "/run/";
        assertThat(run("train", "--run=folder", "--steps=5", "--set=weights.uri=" + directory.resolve("weights")))
                .isZero();
        assertThat(run("train", "--run=bucket", "--steps=3", "--set=weights.uri=" + uri, "--set=weights.keep=1"))
                .isZero();
        assertThat(run("train", "--run=bucket", "--steps=5", "--set=weights.uri=" + uri, "--set=weights.keep=1"))
                .isZero();
        assertThat(weights("bucket")).isEqualTo(weights("folder"));
        assertThat(versions(uri + "policy/")).isLessThan(6);
        assertThat(run("audit", "--run=bucket", "--retrain")).isZero();

        Path exported = directory.resolve("exported");
        assertThat(run("export", "--run=bucket", "--out=" + exported)).isZero();
        assertThat(Hashes.sha256(Files.readAllBytes(exported.resolve("model.safetensors"))))
                .isEqualTo(weights("bucket"));
        PolicyModel.load(Checkpoint.open(exported), ModelSettings.cpu()).close();
    }

    private static long versions(String uri) throws IOException {
        try (Stream<Path> versions = Files.list(Path.of(URI.create(uri)))) {
            return versions.count();
        }
    }

    private int run(String command, String... arguments) {
        List<String> line = new ArrayList<>(List.of(command));
        line.addAll(List.of(arguments));
        line.add("--data-dir=" + directory.resolve("data"));
        if (command.equals("train")) {
            line.addAll(List.of(
                    "--lag=0",
                    "--set=batch.size=64",
                    "--set=eval.prompts=20",
                    "--runs-dir=" + directory.resolve("runs")));
        }
        return Main.run(line.toArray(String[]::new));
    }

    private String weights(String run) throws IOException {
        return new ObjectMapper()
                .readTree(directory
                        .resolve("runs")
                        .resolve(run)
                        .resolve("summary.json")
                        .toFile())
                .path("weights_sha256")
                .asText();
    }
}
