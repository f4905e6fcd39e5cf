package io.sppostream.history.replay;

import io.sppostream.run.report.TerminalText;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Prints the report of a replay for the terminal. */
final class ReplayReportPrinter {
    private static final int FLIPS_SHOWN = 10;
    private static final int TEXT_SHOWN = 40;

    private ReplayReportPrinter() {}

    /**
     * Prints a report.
     *
     * @param flips all of them; the first ten are printed
     */
    static void print(ReplayReport report, List<RewardFlip> flips, PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%nreplay of '%s' into '%s': %,d samples%n",
                report.from(),
                report.into(),
                report.samples());
        printVerdicts(report, flips, out);
        WeightsComparison critic = report.critic();
        row(out, "values", critic == null ? "as recorded" : "%s", text(report.values()));
        row(out, "advantages", "%s", text(report.advantages()));
        if (critic != null) {
            row(out, "critic", "%s", text(critic));
        }
        WeightsComparison policy = report.policy();
        if (policy != null) {
            row(out, "policy", "%s", text(policy));
        }
        OffPolicyStatistics offPolicy = report.offPolicy();
        if (offPolicy != null) {
            row(
                    out,
                    "off-policy",
                    "importance ratio mean %.3f, max %.2f; effective sample size mean %.3f, least %.3f of the tokens",
                    offPolicy.ratioMean(),
                    offPolicy.ratioMax(),
                    offPolicy.effectiveSampleSize(),
                    offPolicy.effectiveSampleSizeMin());
        }
        AccuracyComparison accuracy = report.accuracy();
        if (accuracy != null) {
            row(
                    out,
                    "accuracy",
                    "held out %s -> %s%s",
                    judged(accuracy.before()),
                    judged(accuracy.after()),
                    accuracy.recorded() == null
                            ? ""
                            : String.format(Locale.ROOT, "; of the recorded run %.3f", accuracy.recorded()));
        }
        row(
                out,
                "time",
                report.recordedSeconds() == 0 ? "%.1f s" : "%.1f s for what took %.1f s: %.1f times as fast",
                report.seconds(),
                report.recordedSeconds(),
                report.recordedSeconds() / report.seconds());
    }

    private static void printVerdicts(ReplayReport report, List<RewardFlip> flips, PrintStream out) {
        if (report.judged() == 0) {
            row(out, "verdicts", "as recorded");
        } else {
            row(out, "verdicts", "%,d judged again: %,d with another reward", report.judged(), report.flips());
            flips.stream()
                    .limit(FLIPS_SHOWN)
                    .forEach(flip -> out.printf(
                            Locale.ROOT,
                            "              %-16s %s -> %s  %s (reference %s)%n",
                            flip.rolloutId(),
                            flip.before(),
                            flip.after(),
                            shortened(flip.text()),
                            shortened(flip.reference())));
            if (report.flips() > FLIPS_SHOWN) {
                out.printf(
                        Locale.ROOT, "              ... and %,d more, in flips.jsonl%n", report.flips() - FLIPS_SHOWN);
            }
        }
        if (!report.untrained().isEmpty()) {
            row(
                    out,
                    "untrained",
                    "%,d that the source has not trained on (%s): %,d have a reward now",
                    report.untrained().values().stream()
                            .mapToLong(Long::longValue)
                            .sum(),
                    report.untrained().entrySet().stream()
                            .map(entry -> String.format(Locale.ROOT, "%,d %s", entry.getValue(), entry.getKey()))
                            .collect(Collectors.joining(", ")),
                    report.untrainedRewarded());
        }
    }

    private static String judged(@Nullable Double accuracy) {
        return accuracy == null ? "not judged" : String.format(Locale.ROOT, "%.3f", accuracy);
    }

    private static void row(PrintStream out, String name, String format, Object... arguments) {
        out.printf("%-13s %s%n", name, String.format(Locale.ROOT, format, arguments));
    }

    private static String text(NumericDifference difference) {
        if (difference.count() == 0) {
            return "none to compare";
        }
        return difference.different() == 0
                ? String.format(Locale.ROOT, "%,d, all as recorded to the bit", difference.count())
                : String.format(
                        Locale.ROOT,
                        "%,d, of which %,d differ: by %.3g in the mean, %.3g at most",
                        difference.count(),
                        difference.different(),
                        difference.mean(),
                        difference.max());
    }

    private static String text(WeightsComparison weights) {
        if (weights.recordedSteps() == 0) {
            return String.format(Locale.ROOT, "%d steps, none recorded: %s", weights.steps(), weights.sha256());
        }
        if (weights.identical() || weights.firstDifferentStep() > weights.steps()) {
            return String.format(
                    Locale.ROOT,
                    "%d steps%s, each with the recorded weights: %s",
                    weights.steps(),
                    weights.identical() ? "" : " (" + weights.recordedSteps() + " recorded)",
                    weights.sha256());
        }
        return String.format(
                Locale.ROOT,
                "%d steps (%d recorded), other weights from step %d on: %s (recorded %s)",
                weights.steps(),
                weights.recordedSteps(),
                weights.firstDifferentStep(),
                weights.sha256(),
                weights.recordedSha256());
    }

    private static String shortened(String text) {
        String line = TerminalText.printable(text);
        return line.length() <= TEXT_SHOWN ? line : "... " + line.substring(line.length() - TEXT_SHOWN);
    }
}
