package io.sppostream.run;

import io.sppostream.run.report.LearningCurve;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How much a run may use before it ends, besides its steps: rollouts that have settled, or seconds of training. Evidence
 * counts too, and time begins with the release of the first prompt and leaves interruptions out. The run ends with the
 * step that reaches the limit, so that the version evaluated at its end has spent the budget.
 *
 * @param rollouts the most rollouts; null for no limit
 * @param seconds the most seconds; null for no limit
 */
public record Budget(@Nullable Long rollouts, @Nullable Double seconds) {
    /** No limit. */
    public static final Budget UNLIMITED = new Budget(null, null);

    /** A run whose rollouts bring no step, such as evidence alone, ends when it has spent the budget so many times. */
    private static final int WITHOUT_STEPS = 2;

    private static final String ROLLOUTS = "rollouts=";
    private static final String SECONDS = "seconds=";

    public Budget {
        if (rollouts != null && rollouts < 1) {
            throw new IllegalArgumentException("a budget has at least 1 rollout, got " + rollouts);
        }
        if (seconds != null && !(seconds > 0 && Double.isFinite(seconds))) {
            throw new IllegalArgumentException("a budget has more than 0 seconds, got " + seconds);
        }
    }

    /** A budget of rollouts. */
    public static Budget ofRollouts(long rollouts) {
        return new Budget(rollouts, null);
    }

    /** A budget of time. */
    public static Budget ofSeconds(double seconds) {
        return new Budget(null, seconds);
    }

    /**
     * Reads a budget.
     *
     * @param text {@code rollouts=N} or {@code seconds=S}
     * @throws IllegalArgumentException if it is neither
     */
    public static Budget parse(String text) {
        try {
            if (text.startsWith(ROLLOUTS)) {
                return ofRollouts(
                        Long.parseLong(text.substring(ROLLOUTS.length()).replace("_", "")));
            }
            if (text.startsWith(SECONDS)) {
                return ofSeconds(Double.parseDouble(text.substring(SECONDS.length())));
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' has no number after '='", e);
        }
        throw new IllegalArgumentException("'" + text + "' is neither rollouts=N nor seconds=S");
    }

    /** Whether there is a limit. */
    public boolean isLimited() {
        return rollouts != null || seconds != null;
    }

    /** Whether the steps that a run has done have used it up. */
    public boolean isSpent(LearningCurve curve) {
        // What has settled so far is known at once, and is at least as much as by the steps, which takes time to count.
        boolean rolloutsSpent = rollouts != null
                && curve.rollouts() >= rollouts
                && (curve.rolloutsOfSteps() >= rollouts || curve.rollouts() >= WITHOUT_STEPS * rollouts);
        return rolloutsSpent || (seconds != null && curve.secondsOfSteps() >= seconds);
    }

    /** Whether so many rollouts and seconds use it up. */
    public boolean isSpent(long rollouts, double seconds) {
        return (this.rollouts != null && rollouts >= this.rollouts)
                || (this.seconds != null && seconds >= this.seconds);
    }

    /** As {@link #parse} reads it; "unlimited" if there is no limit. */
    @Override
    public String toString() {
        if (rollouts != null) {
            return ROLLOUTS + rollouts;
        }
        return seconds == null ? "unlimited" : SECONDS + number(Objects.requireNonNull(seconds));
    }

    private static String number(double seconds) {
        return seconds == Math.rint(seconds) ? String.format(Locale.ROOT, "%.0f", seconds) : Double.toString(seconds);
    }
}
