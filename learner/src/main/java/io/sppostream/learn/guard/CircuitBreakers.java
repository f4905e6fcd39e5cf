package io.sppostream.learn.guard;

import io.sppostream.events.Breaker;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a learner pauses and waits for an operator, by the metrics of a step and the fate of the last samples.
 * Knows neither log nor clock. For one thread.
 */
public final class CircuitBreakers {

    /**
     * Why a learner pauses.
     *
     * @param reason in words, with the measured value and its threshold
     */
    record Trip(Breaker breaker, String reason) {}

    private final CircuitBreakerSettings settings;
    private RecentShare infraErrors;
    private RecentShare stale;
    private boolean fellShort;

    public CircuitBreakers(CircuitBreakerSettings settings) {
        this.settings = settings;
        this.infraErrors = new RecentShare(settings.window());
        this.stale = new RecentShare(settings.window());
    }

    /** Counts a rollout that was judged, or whose verifier failed. */
    void judged(boolean infraError) {
        infraErrors.add(infraError);
    }

    /** Counts a sample that was trained on, or was past the cap on lag. */
    void taken(boolean isStale) {
        stale.add(isStale);
    }

    /** Forgets all samples and steps: the operator who resumes the learner has dealt with the cause. */
    void reset() {
        infraErrors = new RecentShare(settings.window());
        stale = new RecentShare(settings.window());
        fellShort = false;
    }

    /**
     * Decides by the metrics of a step: NaN or infinite values trip at once, a small effective sample size in the
     * second step in a row.
     *
     * @param metrics by the names the ledger uses
     * @return null if no breaker trips
     */
    @Nullable
    Trip afterStep(Map<String, Double> metrics) {
        double loss = metrics.getOrDefault("loss", 0.0);
        double skipped = metrics.getOrDefault("skipped_updates", 0.0);
        double effective = metrics.getOrDefault("effective_sample_size", 1.0);
        if (!Double.isFinite(loss) || skipped > 0) {
            return new Trip(
                    Breaker.NON_FINITE,
                    String.format(
                            Locale.ROOT,
                            "loss %s, gradient norm %s, %.0f updates skipped",
                            loss,
                            metrics.get("gradient_norm"),
                            skipped));
        }
        boolean fellShortBefore = fellShort;
        fellShort = effective < settings.minEffectiveSampleSize();
        if (fellShort && fellShortBefore) {
            return new Trip(
                    Breaker.EFFECTIVE_SAMPLE_SIZE,
                    String.format(
                            Locale.ROOT,
                            "effective sample size %.3f is under %.3f, as in the step before",
                            effective,
                            settings.minEffectiveSampleSize()));
        }
        return null;
    }

    /** Decides by the fate of the last samples; null if no breaker trips. */
    @Nullable
    Trip ofSamples() {
        if (infraErrors.exceeds(settings.maxInfraErrors())) {
            return new Trip(
                    Breaker.INFRA_ERRORS,
                    "verifiers failed or ran out of time on " + infraErrors + " rollouts, more than "
                            + settings.maxInfraErrors() + " of them");
        }
        if (stale.exceeds(settings.maxStale())) {
            return new Trip(
                    Breaker.LAG,
                    stale + " samples were past the cap on policy lag, more than " + settings.maxStale() + " of them");
        }
        return null;
    }
}
