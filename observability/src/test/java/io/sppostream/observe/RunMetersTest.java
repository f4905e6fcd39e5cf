package io.sppostream.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RunMetersTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ScheduledExecutorService refresh = Executors.newSingleThreadScheduledExecutor();
    private final RunMeters meters = new RunMeters(registry, refresh);

    @AfterEach
    void close() {
        refresh.shutdownNow();
    }

    @Test
    void shouldHaveEachCounterBeforeTheFirstEvent() {
        assertThat(registry.scrape())
                .contains("\nsppo_rollouts_total 0.0\n")
                .contains("\nsppo_prompts_total 0.0\n")
                .contains("\nsppo_dead_letters_total 0.0\n")
                .contains("\nsppo_expired_total{reason=\"STALE\"} 0.0\n")
                .contains("\nsppo_tokens_total{kind=\"response\"} 0.0\n")
                .contains("\nsppo_policy_lag_versions_count 0\n")
                .contains("\nsppo_join_pending 0.0\n")
                .contains("\nsppo_join_oldest_seconds 0.0\n");
    }

    @Test
    void shouldCountExpiriesByReason() {
        meters.written(new Expired("a", null, ExpiryReason.STALE, "", "policy-learner", Instant.EPOCH, 0));

        assertThat(registry.scrape())
                .contains("\nsppo_expired_total{reason=\"STALE\"} 1.0\n")
                .contains("\nsppo_expired_total{reason=\"EVIDENCE\"} 0.0\n");
    }

    @Test
    void shouldCountDeadLetters() {
        meters.deadLetter();

        assertThat(registry.scrape()).contains("\nsppo_dead_letters_total 1.0\n");
    }

    @Test
    void shouldShowTheLastStep() {
        meters.written(step(7, Map.of("loss", 3.0, "seconds_updating", 5.0)));
        meters.written(step(
                8,
                Map.of(
                        "loss", 0.5,
                        "clip_fraction", 0.25,
                        "effective_sample_size", 0.75,
                        "policy_lag_mean", 1.0,
                        "trained_tokens", 10.0,
                        "seconds_updating", 1.5)));

        assertThat(registry.scrape())
                .contains("\nsppo_loss{model=\"policy\"} 0.5\n")
                .contains("\nsppo_clip_fraction{model=\"policy\"} 0.25\n")
                .contains("\nsppo_effective_sample_size{model=\"policy\"} 0.75\n")
                .contains("\nsppo_model_version{model=\"policy\"} 8.0\n")
                .contains("\nsppo_steps_total{model=\"policy\"} 2.0\n")
                .contains("\nsppo_samples_trained_total{model=\"policy\"} 2.0\n")
                .contains("\nsppo_tokens_total{kind=\"trained\"} 10.0\n")
                .contains("\nsppo_step_seconds_count{model=\"policy\",phase=\"updating\"} 2\n")
                .contains("\nsppo_step_seconds_sum{model=\"policy\",phase=\"updating\"} 6.5\n")
                .contains("\nsppo_policy_lag_versions_count 2\n")
                .contains("\nsppo_policy_lag_versions_sum 2.0\n")
                .doesNotContain("sppo_policy_lag_mean");
    }

    @Test
    void shouldAddUpWhatWaitsInTheJoin() {
        meters.joinWaits(0, 3, Duration.ofSeconds(100));
        meters.joinWaits(1, 4, Duration.ofSeconds(10));

        assertThat(registry.scrape())
                .contains("\nsppo_join_pending 7.0\n")
                .containsPattern("\nsppo_join_oldest_seconds 100\\.");

        meters.joinWaits(0, 0, Duration.ZERO);

        assertThat(registry.scrape()).contains("\nsppo_join_pending 4.0\n");
    }

    private static TrainingStep step(int step, Map<String, Double> metrics) {
        return new TrainingStep(
                "policy",
                step,
                step - 1,
                step,
                "from",
                "to",
                List.of(new TrainedSample("a/0", 0, 0L, 1)),
                (long) step,
                List.of(),
                "configuration",
                metrics,
                Instant.EPOCH,
                Instant.EPOCH,
                Recovery.NONE,
                1L);
    }
}
