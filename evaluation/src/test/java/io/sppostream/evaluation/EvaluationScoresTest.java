package io.sppostream.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sppostream.model.SamplingParameters;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class EvaluationScoresTest {
    private static SampleRecord sample(String problem, int index, double reward) {
        return new SampleRecord(
                problem, index, 1, "?", "1", "", 10, "STOP", "CORRECT", reward == 1 ? "1" : "2", "integer", reward);
    }

    /** @param rewards of the one sample of each problem */
    private static BenchmarkScore score(String benchmark, double... rewards) {
        List<List<SampleRecord>> samples = new ArrayList<>();
        for (double reward : rewards) {
            samples.add(List.of(sample(String.valueOf(samples.size()), 0, reward)));
        }
        return BenchmarkScore.of(benchmark, samples, String::equals);
    }

    private static final EvaluationScores SCORES =
            new EvaluationScores(1, List.of(score("one", 1, 0, 1, 0), score("other", 1, 1, 1, 1)));

    @Test
    void shouldAverageBenchmarksWithTheirErrors() {
        Metric mean = SCORES.mean("avg@1");

        assertThat(mean.value()).isEqualTo(0.75);
        assertThat(mean.standardError()).isCloseTo(Math.sqrt(1 / 12.0) / 2, within(1e-15));
    }

    @Test
    void shouldNameWhatIsBelowItsMinimum() {
        assertThat(SCORES.below(Map.of("one:avg@1", 0.5, "mean:maj@1", 0.75))).isEmpty();
        assertThat(SCORES.below(Map.of("one:avg@1", 0.6, "other:pass@1", 1.0)))
                .containsExactly("one:avg@1 is 0.5000, below the minimum 0.6");
    }

    @Test
    void shouldRefuseMinimaOfWhatThereIsNot() {
        List<String> benchmarks = List.of("one");
        assertThatCode(() -> EvaluationScores.requireKnown(Map.of("one:pass@2", 1.0, "mean:avg@4", 1.0), benchmarks, 4))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> EvaluationScores.requireKnown(Map.of("two:avg@4", 1.0), benchmarks, 4))
                .hasMessageContaining("--min two:avg@4");
        assertThatThrownBy(() -> EvaluationScores.requireKnown(Map.of("one:avg@16", 1.0), benchmarks, 4))
                .hasMessageContaining("there is no metric 'avg@16'; there are avg@4, maj@4, pass@1, pass@2, pass@4");
    }

    @Test
    void shouldPrintAColumnForEachBenchmarkAndTheMean() {
        assertThat(ScoreTable.of("tiny", SCORES).lines().limit(3))
                .containsExactly(
                        "| tiny, %      | one            | other          | mean           |",
                        "|--------------|----------------|----------------|----------------|",
                        "| avg@1        | 50.00 +- 28.87 | 100.00 +- 0.00 | 75.00 +- 14.43 |");
    }

    @Test
    void shouldWriteTheLayoutOfLighteval() {
        JsonNode json = ResultsJson.of(
                "tiny",
                new TreeMap<>(Map.of("sha256", "abc")),
                new EvaluationSettings(1, 7, new SamplingParameters(0.6, 1, 0, 16)),
                null,
                SCORES,
                Map.of(),
                Instant.EPOCH,
                Instant.EPOCH.plusMillis(1500));

        assertThat(json.at("/config_general/model_name").asText()).isEqualTo("tiny");
        assertThat(json.at("/config_general/total_evaluation_time_secondes").asText())
                .isEqualTo("1.5");
        assertThat(json.at("/results/one|0/avg@1").asDouble()).isEqualTo(0.5);
        assertThat(json.at("/results/one|0/avg@1_stderr").asDouble()).isCloseTo(Math.sqrt(1 / 12.0), within(1e-15));
        assertThat(json.at("/results/all/pass@1").asDouble()).isEqualTo(0.75);
        assertThat(json.has("versions")).isTrue();
        assertThat(json.has("config_tasks")).isTrue();
        assertThat(json.at("/summary_tasks/one|0/response_tokens").asDouble()).isEqualTo(10);
    }
}
