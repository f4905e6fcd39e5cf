package io.sppostream.run.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryTest {

    private static Summary summary(@Nullable Double secondsToHalf) {
        return new Summary(
                "run-1",
                Map.of("seed", 1L, "dataset", "addition"),
                "c0ffee",
                480,
                245_760,
                3,
                61.5,
                0.25,
                0.625,
                3_996.1,
                12_345.6,
                0.5,
                1,
                0.875,
                2.25,
                0.125,
                "abc123",
                "def456",
                0.375,
                2.5,
                secondsToHalf,
                376_000,
                280_000.0,
                0.125,
                new TreeMap<>(Map.of("committing", 0.004, "updating", 0.096)),
                Map.of("learner", 30.25));
    }

    private static JsonNode written(Path directory, Summary summary) throws Exception {
        summary.write(directory);
        return new ObjectMapper().readTree(directory.resolve("summary.json").toFile());
    }

    /** The names other programs read; see the design. */
    @Test
    void shouldWriteTheFieldsOfTheDesign(@TempDir Path directory) throws Exception {
        JsonNode json = written(directory.resolve("runs/run-1"), summary(20.5));

        List<String> names = new ArrayList<>();
        json.fieldNames().forEachRemaining(names::add);
        assertThat(names)
                .contains(
                        "settings",
                        "steps",
                        "rollouts",
                        "seconds",
                        "accuracy_before",
                        "accuracy_after",
                        "rollouts_per_second",
                        "tokens_per_second",
                        "policy_lag_mean",
                        "policy_lag_max",
                        "weights_sha256",
                        "seconds_by_role")
                .allSatisfy(name -> assertThat(name).matches("[a-z0-9]+(_[a-z0-9]+)*"));
        assertThat(json.get("settings").get("seed").asLong()).isEqualTo(1);
        assertThat(json.get("steps").asInt()).isEqualTo(480);
        assertThat(json.get("rollouts").asLong()).isEqualTo(245_760);
        assertThat(json.get("seconds").asDouble()).isEqualTo(61.5);
        assertThat(json.get("accuracy_before").asDouble()).isEqualTo(0.25);
        assertThat(json.get("accuracy_after").asDouble()).isEqualTo(0.625);
        assertThat(json.get("rollouts_per_second").asDouble()).isEqualTo(3_996.1);
        assertThat(json.get("tokens_per_second").asDouble()).isEqualTo(12_345.6);
        assertThat(json.get("policy_lag_mean").asDouble()).isEqualTo(0.5);
        assertThat(json.get("policy_lag_max").asInt()).isEqualTo(1);
        assertThat(json.get("effective_sample_size_min").asDouble()).isEqualTo(0.875);
        assertThat(json.get("ratio_max").asDouble()).isEqualTo(2.25);
        assertThat(json.get("clip_fraction").asDouble()).isEqualTo(0.125);
        assertThat(json.get("weights_sha256").asText()).isEqualTo("abc123");
        assertThat(json.get("seconds_to_half").asDouble()).isEqualTo(20.5);
        assertThat(json.get("seconds_by_role").get("learner").asDouble()).isEqualTo(30.25);
    }

    @Test
    void shouldWriteNullWhenHalfWasNeverReached(@TempDir Path directory) throws Exception {
        assertThat(written(directory, summary(null)).get("seconds_to_half").isNull())
                .isTrue();
    }

    @Test
    void shouldTellAPersonWhatItCameTo() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        summary(20.5).print(new PrintStream(out, true, UTF_8));
        assertThat(out.toString(UTF_8))
                .contains("0.250 -> 0.625 (.50 after 20.5 s)")
                .contains("245,760 rollouts in 480 steps, 61.5 s")
                .contains("mean 0.50, max 1 versions; 3 expired")
                .contains("376 KB whole, 280 KB as a difference; sampled with 0.13 s after its publication")
                .contains("effective sample size at least 0.875, ratios up to 2.25, 12.5 % clipped")
                .contains("committing 4.0 ms (4.0 %), updating 96.0 ms (96.0 %)")
                .contains("learner 30.3")
                .contains("abc123");
    }
}
