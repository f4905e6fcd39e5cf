package io.sppostream.run.report;

import io.sppostream.events.TrainingStep;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** The live line of a training run. */
public final class ProgressLine implements AutoCloseable {
    private static final int RECENT_STEPS = 20;

    private final LiveLine line;
    private final int steps;

    /** @param steps the steps that the run is to take */
    public ProgressLine(Screen screen, int steps) {
        this.line = new LiveLine(screen);
        this.steps = steps;
    }

    /** Shows the state. */
    public void show(LearningCurve curve, Instant now) {
        line.show(text(curve, steps, curve.seconds(now)), now);
    }

    /** Prints a message on a line of its own. */
    public void say(String message) {
        line.say(message);
    }

    /** Shows the last state, however short ago one was shown. */
    public void showLast(LearningCurve curve, Instant now) {
        line.showLast(text(curve, steps, curve.seconds()), now);
    }

    /** Ends the line. */
    @Override
    public void close() {
        line.close();
    }

    /** @param seconds from the start until now */
    static String text(LearningCurve curve, int steps, double seconds) {
        List<TrainingStep> policy = curve.policy();
        LearningCurve.Accuracy last = curve.lastAccuracy();
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "step %d/%d", policy.size(), steps));
        if (last != null) {
            text.append(" | accuracy ")
                    .append(
                            last.accuracy() == null
                                    ? "not judged"
                                    : String.format(Locale.ROOT, "%.3f", last.accuracy()));
        }
        if (!policy.isEmpty() && seconds > 0) {
            List<TrainingStep> recent = policy.subList(Math.max(0, policy.size() - RECENT_STEPS), policy.size());
            double rate = policy.get(policy.size() - 1).getSamplesTrained() / seconds;
            double left = seconds / policy.size() * (steps - policy.size());
            text.append(String.format(
                    Locale.ROOT,
                    " | reward %.3f | %,.0f rollouts/s | lag %.2f | %s left",
                    mean(recent, "reward_mean"),
                    rate,
                    mean(recent, "policy_lag_mean"),
                    minutes(left)));
        }
        return text.toString();
    }

    /** Mean over the steps that have measured it; 0 if none has. */
    public static double mean(List<TrainingStep> steps, String metric) {
        return steps.stream()
                .map(step -> step.getMetrics().get(metric))
                .filter(Objects::nonNull)
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(0);
    }

    private static String minutes(double seconds) {
        long rounded = Math.max(0, Math.round(seconds));
        return rounded / 60 + ":" + String.format(Locale.ROOT, "%02d", rounded % 60);
    }
}
