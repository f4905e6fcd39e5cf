package io.sppostream.learn;

import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * How fast a step was, by the names the ledger uses. Unlike the other metrics, these differ from run to run. Static
 * functions.
 */
final class SpeedMetrics {
    /** An interval in time. */
    private record Interval(Instant from, Instant to) {}

    private SpeedMetrics() {}

    /**
     * Rates that follow from the durations of a step.
     *
     * @param metrics those of the step so far, with {@code seconds_<part>} for its parts
     * @param peakFlops of the device, a second; 0 if it is not known
     */
    static Map<String, Double> of(Map<String, Double> metrics, double peakFlops) {
        Map<String, Double> speed = new HashMap<>();
        double step = 0;
        for (String part : List.of("seconds_waiting", "seconds_updating", "seconds_publishing", "seconds_committing")) {
            step += metrics.getOrDefault(part, 0.0);
        }
        speed.put("seconds_step", step);
        double updating = metrics.getOrDefault("seconds_updating", 0.0);
        put(speed, "tokens_per_second", metrics.get("total_tokens"), step);
        put(speed, "tokens_per_second_updating", metrics.get("total_tokens"), updating);
        put(speed, "tokens_per_second_sampling", metrics.get("response_tokens"), metrics.get("seconds_sampling"));
        if (peakFlops > 0) {
            put(speed, "mfu", metrics.get("update_flops"), updating * peakFlops);
        }
        return speed;
    }

    private static void put(Map<String, Double> speed, String name, @Nullable Double amount, @Nullable Double per) {
        if (amount != null && per != null && per > 0) {
            speed.put(name, amount / per);
        }
    }

    /**
     * Seconds in which at least one response of the samples was being sampled: the length of the union of their intervals.
     * Empty if no rollout says how long it took.
     */
    static OptionalDouble secondsSampling(List<TrainingSample> samples) {
        List<Interval> intervals = samples.stream()
                .map(TrainingSample::getRollout)
                .filter(rollout -> rollout.getSamplingSeconds() != null)
                .map(SpeedMetrics::interval)
                .distinct()
                .sorted(Comparator.comparing(Interval::from))
                .toList();
        if (intervals.isEmpty()) {
            return OptionalDouble.empty();
        }
        Duration sum = Duration.ZERO;
        Instant covered = Instant.MIN;
        for (Interval interval : intervals) {
            Instant from = interval.from().isAfter(covered) ? interval.from() : covered;
            if (interval.to().isAfter(from)) {
                sum = sum.plus(Duration.between(from, interval.to()));
                covered = interval.to();
            }
        }
        return OptionalDouble.of(sum.toNanos() / 1e9);
    }

    private static Interval interval(Rollout rollout) {
        double seconds = Objects.requireNonNull(rollout.getSamplingSeconds());
        // Anybody may write rollouts: a duration that is not one, or of more than a year, counts as none.
        long nanos = seconds > 0 && seconds < 3e7 ? Math.round(1e9 * seconds) : 0;
        return new Interval(rollout.getSampledAt().minusNanos(nanos), rollout.getSampledAt());
    }
}
