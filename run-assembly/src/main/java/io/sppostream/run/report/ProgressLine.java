package io.sppostream.run.report;

import io.sppostream.events.TrainingStep;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** One line that tells how a run is doing: rewritten in place on a terminal, a new one every few seconds elsewhere. */
public final class ProgressLine implements AutoCloseable {
    private static final double SECONDS_BETWEEN_LINES = 5;
    private static final int RECENT_STEPS = 20;

    private final PrintStream out;
    private final boolean terminal;
    private final int steps;
    private double lastPrinted = Double.NEGATIVE_INFINITY;
    private int lastLength;

    /** @param steps the steps the run is to take */
    public ProgressLine(PrintStream out, boolean terminal, int steps) {
        this.out = out;
        this.terminal = terminal;
        this.steps = steps;
    }

    public void show(LearningCurve curve, double seconds) {
        if (terminal) {
            String line = line(curve, seconds);
            out.print("\r" + line + " ".repeat(Math.max(0, lastLength - line.length())));
            out.flush();
            lastLength = line.length();
        } else if (seconds - lastPrinted >= SECONDS_BETWEEN_LINES) {
            out.println(line(curve, seconds));
            lastPrinted = seconds;
        }
    }

    /** Says something on a line of its own. */
    public void say(String message) {
        close();
        out.println(message);
    }

    /** Shows the last state, however short ago one was shown. */
    public void showLast(LearningCurve curve, double seconds) {
        lastPrinted = Double.NEGATIVE_INFINITY;
        show(curve, seconds);
    }

    /** Ends a line that is being rewritten, for what comes next. */
    @Override
    public void close() {
        if (lastLength > 0) {
            out.println();
            lastLength = 0;
        }
    }

    private String line(LearningCurve curve, double seconds) {
        List<TrainingStep> policy = curve.policy();
        LearningCurve.Accuracy accuracy = curve.lastAccuracy();
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "step %d/%d", policy.size(), steps));
        if (accuracy != null) {
            line.append(String.format(Locale.ROOT, " | accuracy %.3f", accuracy.accuracy()));
        }
        if (!policy.isEmpty()) {
            List<TrainingStep> recent = policy.subList(Math.max(0, policy.size() - RECENT_STEPS), policy.size());
            double rate = policy.get(policy.size() - 1).getSamplesTrained() / seconds;
            double left = seconds / policy.size() * (steps - policy.size());
            line.append(String.format(
                    Locale.ROOT,
                    " | reward %.3f | %,.0f rollouts/s | lag %.2f | %s left",
                    mean(recent, "reward_mean"),
                    rate,
                    mean(recent, "policy_lag_mean"),
                    minutes(left)));
        }
        return line.toString();
    }

    /** Mean over the steps that have measured it; 0 where none has. */
    public static double mean(List<TrainingStep> steps, String metric) {
        return steps.stream()
                .map(step -> step.getMetrics().get(metric))
                .filter(Objects::nonNull)
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(0);
    }

    private static String minutes(double seconds) {
        long whole = Math.round(seconds);
        return whole / 60 + ":" + String.format(Locale.ROOT, "%02d", whole % 60);
    }
}
