package io.sppostream.learn.guard;

import io.sppostream.events.Breaker;
import io.sppostream.learn.update.ImportanceRatios;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When a learner had better stop and ask: decided from what a step has measured and from what became of the last
 * samples. Knows neither log nor clock. For one thread.
 */
public final class CircuitBreakers {

    /**
     * Thresholds.
     *
     * @param minEffectiveSampleSize the least that one of two steps in a row must have, see {@link ImportanceRatios}: a
     *     single token of a ratio in the hundreds, which the clip holds, is enough for one step to fall short; 0 for none
     * @param maxInfraErrors the largest share of the last rollouts that verifiers may fail on; 1 for any
     * @param maxStale the largest share of the last samples that may be past the cap on lag; 1 for any
     * @param window how many last ones; fewer say nothing yet
     */
    public record Settings(double minEffectiveSampleSize, double maxInfraErrors, double maxStale, int window) {}

    /**
     * Why a learner pauses.
     *
     * @param reason in words, with what was measured and the threshold
     */
    record Trip(Breaker breaker, String reason) {}

    private final Settings settings;
    private RecentShare infraErrors;
    private RecentShare stale;
    private boolean fellShort;

    public CircuitBreakers(Settings settings) {
        this.settings = settings;
        this.infraErrors = new RecentShare(settings.window());
        this.stale = new RecentShare(settings.window());
    }

    /** A rollout has been judged, or its verifier has failed. */
    void judged(boolean infraError) {
        infraErrors.add(infraError);
    }

    /** A sample has been trained on, or it was past the cap on lag. */
    void taken(boolean isStale) {
        stale.add(isStale);
    }

    /** Forgets what became of samples: whoever lets the learner go on has seen to it. */
    void reset() {
        infraErrors = new RecentShare(settings.window());
        stale = new RecentShare(settings.window());
        fellShort = false;
    }

    /**
     * What a step has to say.
     *
     * @param metrics by the names the ledger uses
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

    /** What became of the last samples. */
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
