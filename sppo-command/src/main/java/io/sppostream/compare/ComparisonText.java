package io.sppostream.compare;

import io.sppostream.compare.ComparisonResult.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The result of a comparison for a person: tables, each a header and a row for each variant, and remarks under them. */
record ComparisonText(ComparisonResult result) {
    /** The main table: a header, then a row for each variant. */
    List<List<String>> table() {
        Double rollouts = result.equalRollouts();
        Double seconds = result.equalSeconds();
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "estimator",
                "rate",
                "seeds",
                "at " + (rollouts == null ? "equal" : grouped(rollouts)) + " rollouts",
                "at " + (seconds == null ? "equal seconds" : seconds(seconds) + " s"),
                "rollouts to " + accuracy(result.target()),
                "seconds to " + accuracy(result.target()),
                "rollouts",
                "seconds",
                "memory",
                "critic EV"));
        for (Line line : result.estimators()) {
            int finished = line.seeds().size();
            rows.add(List.of(
                    line.name() + (line.resumed() ? " *" : ""),
                    line.rate() == null ? "-" : Cell.text(line.rate()),
                    Integer.toString(finished),
                    text(line.accuracyAtEqualRollouts(), ComparisonText::accuracy),
                    text(line.accuracyAtEqualSeconds(), ComparisonText::accuracy),
                    reached(line.rolloutsToTarget(), ComparisonText::grouped, finished),
                    reached(line.secondsToTarget(), ComparisonText::seconds, finished),
                    mean(line.rollouts(), ComparisonText::grouped),
                    mean(line.seconds(), ComparisonText::seconds),
                    line.peakResidentBytes() == null
                            ? "-"
                            : String.format(Locale.ROOT, "%,d MB", line.peakResidentBytes() / 1_000_000),
                    mean(line.criticExplainedVariance(), ComparisonText::accuracy)));
        }
        return rows;
    }

    /** The table of processor time: a header, then a row for each variant, in percent by role. */
    List<List<String>> timeTable() {
        List<String> roles = result.estimators().stream()
                .flatMap(line -> line.timeShareByRole().keySet().stream())
                .distinct()
                .toList();
        List<List<String>> rows = new ArrayList<>();
        if (roles.isEmpty()) {
            return rows;
        }
        rows.add(Stream.concat(Stream.of("% of processor time"), roles.stream()).toList());
        for (Line line : result.estimators()) {
            rows.add(Stream.concat(Stream.of(line.name()), roles.stream().map(role -> {
                        Double share = line.timeShareByRole().get(role);
                        return share == null ? "-" : String.format(Locale.ROOT, "%.0f", 100 * share);
                    }))
                    .toList());
        }
        return rows;
    }

    /** The remarks under the tables, a line each. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (result.estimators().stream().anyMatch(Line::resumed)) {
            notes.add("* a run was resumed: its seconds include the start of another process, its memory and shares of"
                    + " time are those of the last process");
        }
        result.runs().stream()
                .filter(run -> run.failed() != null)
                .forEach(run -> notes.add(run.run() + " failed: " + run.failed()));
        if (result.runsFinished() < result.runsPlanned()) {
            notes.add(result.runsFinished() + " of " + result.runsPlanned() + " runs have finished");
        }
        return notes;
    }

    private static String text(@Nullable Spread spread, DoubleFunction<String> number) {
        return spread == null ? "-" : spread.text(number);
    }

    private static String mean(@Nullable Spread spread, DoubleFunction<String> number) {
        return spread == null ? "-" : number.apply(spread.mean());
    }

    private static String reached(@Nullable Spread spread, DoubleFunction<String> number, int finished) {
        return mean(spread, number)
                + (spread == null || spread.runs() == finished ? "" : " (" + spread.runs() + " of " + finished + ")");
    }

    private static String accuracy(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private static String grouped(double value) {
        return String.format(Locale.ROOT, "%,.0f", value);
    }

    private static String seconds(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
