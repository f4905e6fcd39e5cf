package io.sppostream.containers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.cli.Main;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs of the command on a cluster or over the embedded broker, synchronous ones: their weights are those of any other
 * with the same seed.
 *
 * @param directory of data and reports
 * @param cluster the options that name the cluster; none for the embedded broker
 */
record Training(Path directory, List<String> cluster) {
    /** Trains for some steps, and returns the summary. */
    JsonNode train(String run, int steps) throws IOException {
        assertThat(command(
                        "train",
                        run,
                        "--runs-dir=" + directory.resolve("runs"),
                        "--lag=0",
                        "--seed=1",
                        "--steps=" + steps))
                .isZero();
        return new ObjectMapper()
                .readTree(directory
                        .resolve("runs")
                        .resolve(run)
                        .resolve("summary.json")
                        .toFile());
    }

    /** Checks that the log of a run is complete and consistent. */
    void audit(String run) {
        assertThat(command("audit", run)).isZero();
    }

    /** The hash of a run's weights. */
    static String weights(JsonNode summary) {
        return summary.get("weights_sha256").asText();
    }

    private int command(String command, String run, String... options) {
        return Main.run(Stream.of(
                        Stream.of(command, "--run=" + run, "--data-dir=" + directory.resolve("data")),
                        cluster.stream(),
                        Stream.of(options))
                .flatMap(arguments -> arguments)
                .toArray(String[]::new));
    }
}
