package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Metrics that need no model: of samples, and of time. */
class SampleMetricsTest {
    private static TrainingSample sample(
            int index, String dataset, double reward, int prompt, int response, FinishReason finish) {
        TrainingSample sample = TestEvents.sample(index, 0, TestEvents.value(index, 0), Instant.EPOCH);
        return TrainingSample.newBuilder(sample)
                .setReward(reward)
                .setRollout(Rollout.newBuilder(sample.getRollout())
                        .setDataset(dataset)
                        .setPromptTokens(Collections.nCopies(prompt, 1))
                        .setResponseTokens(Collections.nCopies(response, 1))
                        .setFinishReason(finish)
                        .build())
                .build();
    }

    private static TrainingSample sampled(double from, double to, @Nullable Double seconds) {
        TrainingSample sample = sample(0, "d", 1, 1, 1, FinishReason.STOP);
        return TrainingSample.newBuilder(sample)
                .setRollout(Rollout.newBuilder(sample.getRollout())
                        .setSampledAt(Instant.EPOCH.plusNanos(Math.round(1e9 * to)))
                        .setSamplingSeconds(seconds == null ? null : (Double) (to - from))
                        .build())
                .build();
    }

    @Test
    void shouldHaveTheValuesComputedByHand() {
        Map<String, Double> metrics = SampleMetrics.of(List.of(
                sample(0, "a", 1, 3, 5, FinishReason.STOP),
                sample(1, "b", 0, 4, 8, FinishReason.LENGTH),
                sample(2, "a", 0.5, 8, 2, FinishReason.STOP),
                sample(3, "b", 0, 1, 1, FinishReason.STOP)));

        assertThat(metrics)
                .isEqualTo(Map.ofEntries(
                        Map.entry("reward_mean", 0.375),
                        Map.entry("reward_mean/a", 0.75),
                        Map.entry("reward_mean/b", 0.0),
                        Map.entry("prompt_length_mean", 4.0),
                        Map.entry("prompt_length_max", 8.0),
                        Map.entry("response_length_mean", 4.0),
                        Map.entry("response_length_max", 8.0),
                        Map.entry("response_cut_share", 0.25),
                        Map.entry("total_tokens", 32.0)));
    }

    @Test
    void shouldBoundTheDatasetsAndTheirNames() {
        List<TrainingSample> many = IntStream.range(0, 100)
                .mapToObj(i -> sample(i, "x".repeat(1000) + i, 1, 1, 1, FinishReason.STOP))
                .toList();

        assertThat(SampleMetrics.of(many))
                .hasSizeLessThan(50)
                .allSatisfy((name, value) -> assertThat(name).hasSizeLessThan(200));
        assertThat(SampleMetrics.of(List.of())).isEqualTo(Map.of("reward_mean", 0.0));
    }

    @Test
    void shouldCountTimeInWhichAnythingWasSampledOnce() {
        assertThat(SpeedMetrics.secondsSampling(List.of(
                                sampled(5, 6, 1.0),
                                sampled(1, 3, 2.0),
                                sampled(1, 3, 2.0),
                                sampled(2, 4, 2.0),
                                sampled(0, 9, null)))
                        .orElseThrow())
                .isEqualTo(4);
        assertThat(SpeedMetrics.secondsSampling(List.of(sampled(0, 1, null)))).isEmpty();
        assertThat(SpeedMetrics.secondsSampling(List.of())).isEmpty();
    }

    @Test
    void shouldComputeRatesByHand() {
        Map<String, Double> parts = Map.of(
                "seconds_waiting", 1.0,
                "seconds_updating", 2.0,
                "seconds_publishing", 0.5,
                "seconds_committing", 0.5,
                "seconds_sampling", 0.25,
                "total_tokens", 100.0,
                "response_tokens", 40.0,
                "update_flops", 3e12);

        assertThat(SpeedMetrics.of(parts, 6e12))
                .isEqualTo(Map.of(
                        "seconds_step", 4.0,
                        "tokens_per_second", 25.0,
                        "tokens_per_second_updating", 50.0,
                        "tokens_per_second_sampling", 160.0,
                        "mfu", 0.25));
        assertThat(SpeedMetrics.of(parts, 0)).doesNotContainKey("mfu");
        assertThat(SpeedMetrics.of(Map.of(), 1)).isEqualTo(Map.of("seconds_step", 0.0));
    }
}
