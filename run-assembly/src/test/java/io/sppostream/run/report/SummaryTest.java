package io.sppostream.run.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.run.report.LearningCurve.Accuracy;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryTest {

    private static final Summary.StepMeans STEPS = new Summary.StepMeans(
            Map.of("entropy", 0.8125, "mismatch_kl", 2e-9, "response_length_mean", 5.25, "response_cut_share", 0.125),
            Map.of("brier_score", 0.125, "expected_calibration_error", 0.0625, "auc", 0.75),
            new Reliability(
                    385, 480, 2, 0.25, List.of(new Reliability.Bin(0, 0.5, 2, 0.25, 0.5), empty(0.5), empty(0.75))));

    private static Reliability.Bin empty(double from) {
        return new Reliability.Bin(from, from + 0.25, 0, null, null);
    }

    private static Summary summary(@Nullable Double secondsToHalf) {
        return summary(
                new Summary.Totals(480, 245_760, 0, 3, 61.5, 3_996.1, 12_345.6),
                new Summary.Learning(
                        0.25,
                        0.625,
                        null,
                        secondsToHalf,
                        0.375,
                        List.of(new Accuracy(480, 245_760, 61.25, 0.625)),
                        STEPS),
                new TreeMap<>(Map.of("committing", 0.004, "updating", 0.096)));
    }

    private static Summary summary(Summary.Totals totals, Summary.Learning learning, Map<String, Double> stepSeconds) {
        return new Summary(
                new Summary.Origin("run-1", Map.of("seed", 1L, "dataset", "addition"), "c0ffee", 1),
                totals,
                learning,
                new Summary.OffPolicy(0.5, 1, 0.875, 2.25, 0.125),
                new Summary.Weights("abc123", "def456", 376_000, 280_000.0),
                new Summary.Timing(
                        2.5, 0.125, stepSeconds, Map.of("learner", 30.25), Summary.Bottleneck.of(stepSeconds)),
                new Summary.Memory(400_000_000L, 50_000_000, 300_000_000L));
    }

    private static String printed(Summary summary) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        summary.print(new PrintStream(out, true, UTF_8));
        return out.toString(UTF_8);
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
                .containsExactlyInAnyOrder(
                        "run",
                        "configuration_sha256",
                        "evidence",
                        "expired",
                        "effective_sample_size_min",
                        "ratio_max",
                        "clip_fraction",
                        "critic_weights_sha256",
                        "critic_explained_variance",
                        "policy_metrics",
                        "critic_metrics",
                        "critic_calibration",
                        "seconds_to_first_rollout",
                        "seconds_to_half",
                        "evaluations",
                        "weights_bytes_full",
                        "weights_bytes_delta",
                        "seconds_to_live",
                        "step_seconds",
                        "accuracy_not_judged",
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
                        "seconds_by_role",
                        "bottleneck",
                        "peak_resident_bytes",
                        "peak_heap_bytes",
                        "peak_broker_bytes",
                        "resumptions")
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
        assertThat(json.get("evaluations").get(0).get("step").asInt()).isEqualTo(480);
        assertThat(json.get("evaluations").get(0).get("rollouts").asLong()).isEqualTo(245_760);
        assertThat(json.get("evaluations").get(0).get("seconds").asDouble()).isEqualTo(61.25);
        assertThat(json.get("evaluations").get(0).get("accuracy").asDouble()).isEqualTo(0.625);
        assertThat(json.get("seconds_by_role").get("learner").asDouble()).isEqualTo(30.25);
        assertThat(json.get("peak_resident_bytes").asLong()).isEqualTo(400_000_000);
        assertThat(json.get("policy_metrics").get("entropy").asDouble()).isEqualTo(0.8125);
        assertThat(json.get("critic_metrics").get("auc").asDouble()).isEqualTo(0.75);
        JsonNode calibration = json.get("critic_calibration");
        assertThat(calibration.get("expected_calibration_error").asDouble()).isEqualTo(0.25);
        assertThat(calibration.get("bins").get(0).get("reward_mean").asDouble()).isEqualTo(0.5);
        assertThat(calibration.get("bins").get(1).get("value_mean").isNull()).isTrue();
        assertThat(json.get("bottleneck").get("part").asText()).isEqualTo("updating");
        assertThat(json.get("bottleneck").get("seconds").asDouble()).isEqualTo(0.096);
        assertThat(json.get("bottleneck").get("step_seconds").asDouble()).isEqualTo(0.1);
        assertThat(json.get("bottleneck").get("role").isNull()).isTrue();
    }

    @Test
    void shouldWriteNullWhenHalfWasNeverReached(@TempDir Path directory) throws Exception {
        assertThat(written(directory, summary(null)).get("seconds_to_half").isNull())
                .isTrue();
    }

    @Test
    void shouldWriteNullWhenNothingWasTrainedOrJudged(@TempDir Path directory) throws Exception {
        Summary stopped = summary(
                new Summary.Totals(0, 0, 0, 0, 0, null, null),
                new Summary.Learning(
                        0.25,
                        null,
                        "not judged: HTTP 503",
                        null,
                        null,
                        List.of(),
                        new Summary.StepMeans(Map.of(), Map.of(), null)),
                new TreeMap<>(Map.of("updating", 0.0)));

        JsonNode json = written(directory, stopped);
        assertThat(json.get("rollouts_per_second").isNull()).isTrue();
        assertThat(json.get("accuracy_before").asDouble()).isEqualTo(0.25);
        assertThat(json.get("accuracy_after").isNull()).isTrue();
        assertThat(json.get("accuracy_not_judged").asText()).isEqualTo("not judged: HTTP 503");
        assertThat(json.toString()).doesNotContain("NaN");
        assertThat(printed(stopped))
                .contains("0.250 -> - (not judged: HTTP 503)", "0.0 s: - rollouts/s, - tokens/s")
                .containsPattern("a policy step +-")
                .containsPattern("bottleneck +-")
                .doesNotContain("NaN");
    }

    @Test
    void shouldPrintASummaryForAPerson() {
        assertThat(printed(summary(20.5)))
                .contains("0.250 -> 0.625 (.50 after 20.5 s)")
                .contains("245,760 rollouts in 480 steps, 61.5 s")
                .contains("mean 0.50, max 1 versions; 3 expired")
                .contains("376 KB in full, 280 KB as a delta; first sampled 0.13 s after publication")
                .contains("effective sample size at least 0.875, ratios up to 2.25, 12.5 % clipped")
                .contains("committing 4.0 ms (4.0 %), updating 96.0 ms (96.0 %)")
                .contains("bottleneck          updating the policy: 96.0 of 100.0 ms a step")
                .contains("entropy 0.813 nats; mismatch KL 2.0e-09; responses of 5.3 tokens, 12.5 % cut off")
                .contains("explained variance 0.375; Brier score 0.125; calibration error 0.063; AUC 0.750")
                .contains("learner 30.3")
                .contains("abc123");
    }

    @Test
    void shouldNameTheRoleThatThePolicyWaitsForLongest() {
        Summary.Bottleneck waiting =
                Objects.requireNonNull(Summary.Bottleneck.of(Map.of("waiting", 0.5, "updating", 0.25)));

        assertThat(waiting.waitingFor(Map.of("rollout-producer", 3.0, "reward-verifier", 1.0)))
                .isEqualTo(new Summary.Bottleneck("waiting", 0.5, 0.75, "rollout-producer", 0.75));
        assertThat(waiting.waitingFor(Map.of())).isEqualTo(waiting);
        assertThat(waiting.waitingFor(Map.of("rollout-producer", 3.0, "reward-verifier", 1.0))
                        .text())
                .isEqualTo("waiting for samples: 500.0 of 750.0 ms a step, 75 % of it for the rollout-producer");
    }
}
