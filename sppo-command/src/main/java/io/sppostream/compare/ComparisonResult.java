package io.sppostream.compare;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.sppostream.compare.CellOutcome.Failed;
import io.sppostream.compare.CellOutcome.Finished;
import io.sppostream.run.report.ComparisonFigure;
import io.sppostream.run.report.LearningCurve.Accuracy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The result of a comparison, as {@value #FILE} has it. All accuracies are held out. They are compared at the same number
 * of rollouts and after the same time: the budget, or what the shortest of the selected runs reached if that is less.
 *
 * @param equalRollouts the rollouts at which accuracies are compared; null before the first run has finished
 * @param equalSeconds the seconds after which they are compared
 */
record ComparisonResult(
        @JsonProperty("dataset") String dataset,
        @JsonProperty("budget") String budget,
        @JsonProperty("target") double target,
        @JsonProperty("rates") List<Double> rates,
        @JsonProperty("seeds") List<Long> seeds,
        @JsonProperty("runs_finished") int runsFinished,
        @JsonProperty("runs_planned") int runsPlanned,
        @JsonProperty("equal_rollouts") @Nullable Double equalRollouts,
        @JsonProperty("equal_seconds") @Nullable Double equalSeconds,
        @JsonProperty("estimators") List<Line> estimators,
        @JsonProperty("runs") List<RunLine> runs) {
    static final String FILE = "comparison.json";
    static final String FIGURE = "comparison.svg";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * A variant at its best rate, over its seeds. A measurement is null if no run has it.
     *
     * @param rate the best learning rate; null until it is chosen
     * @param resumed whether a run was resumed: its times include the start of another process
     * @param rolloutsToTarget of the runs that reached the target, of which {@code runs} says how many there are
     * @param peakResidentBytes the most of a run
     * @param timeShareByRole share of the processor time, mean of the runs
     */
    record Line(
            @JsonProperty("name") String name,
            @JsonProperty("estimator") String estimator,
            @JsonProperty("settings") Map<String, String> settings,
            @JsonProperty("rate") @Nullable Double rate,
            @JsonProperty("seeds") List<Long> seeds,
            @JsonProperty("resumed") boolean resumed,

            @JsonProperty("accuracy_at_equal_rollouts") @Nullable
            Spread accuracyAtEqualRollouts,

            @JsonProperty("accuracy_at_equal_seconds") @Nullable
            Spread accuracyAtEqualSeconds,

            @JsonProperty("accuracy_at_end") @Nullable Spread accuracyAtEnd,
            @JsonProperty("rollouts_to_target") @Nullable Spread rolloutsToTarget,
            @JsonProperty("seconds_to_target") @Nullable Spread secondsToTarget,
            @JsonProperty("rollouts") @Nullable Spread rollouts,
            @JsonProperty("seconds") @Nullable Spread seconds,
            @JsonProperty("peak_resident_bytes") @Nullable Long peakResidentBytes,

            @JsonProperty("critic_explained_variance") @Nullable
            Spread criticExplainedVariance,

            @JsonProperty("time_share_by_role") Map<String, Double> timeShareByRole) {}

    /**
     * A run.
     *
     * @param selected whether it has the best rate of its variant, and counts in the variant's line
     * @param failed why it has failed; null if it has not
     */
    record RunLine(
            @JsonProperty("run") String run,
            @JsonProperty("name") String name,
            @JsonProperty("rate") @Nullable Double rate,
            @JsonProperty("seed") long seed,
            @JsonProperty("selected") boolean selected,
            @JsonProperty("failed") @Nullable String failed,
            @JsonProperty("accuracy_at_budget") @Nullable Double accuracyAtBudget,
            @JsonProperty("rollouts") long rollouts,
            @JsonProperty("seconds") double seconds,
            @JsonProperty("resumptions") int resumptions,
            @JsonProperty("peak_resident_bytes") @Nullable Long peakResidentBytes,

            @JsonProperty("critic_explained_variance") @Nullable
            Double criticExplainedVariance,

            @JsonProperty("time_share_by_role") Map<String, Double> timeShareByRole,
            @JsonProperty("evaluations") List<Accuracy> evaluations) {}

    /** Sums up what has become of the runs of a plan. */
    static ComparisonResult of(String dataset, ComparisonPlan plan, Map<Cell, CellOutcome> outcomes) {
        List<CellResult> selected = plan.variants().stream()
                .flatMap(variant -> finished(plan, variant, outcomes).values().stream())
                .toList();
        Double rollouts = least(
                selected, result -> (double) result.rollouts(), plan.budget().rollouts());
        Double seconds = least(selected, CellResult::seconds, plan.budget().seconds());
        return new ComparisonResult(
                dataset,
                plan.budget().toString(),
                plan.target(),
                plan.rates(),
                plan.seeds(),
                (int) outcomes.values().stream()
                        .filter(Finished.class::isInstance)
                        .count(),
                plan.size(),
                rollouts,
                seconds,
                plan.variants().stream()
                        .map(variant -> line(plan, variant, outcomes, rollouts, seconds))
                        .toList(),
                runs(plan, outcomes));
    }

    private static @Nullable Double least(
            List<CellResult> results, Function<CellResult, Double> reached, @Nullable Number budget) {
        return Stream.concat(
                        results.stream().map(reached), Stream.ofNullable(budget).map(Number::doubleValue))
                .filter(place -> !results.isEmpty())
                .min(Double::compare)
                .orElse(null);
    }

    /** The finished runs at the best rate of a variant. */
    private static Map<Cell, CellResult> finished(
            ComparisonPlan plan, Variant variant, Map<Cell, CellOutcome> outcomes) {
        Map<Cell, CellResult> finished = new LinkedHashMap<>();
        for (Cell cell : plan.selected(variant, outcomes)) {
            if (outcomes.get(cell) instanceof Finished done) {
                finished.put(cell, done.result());
            }
        }
        return finished;
    }

    private static Line line(
            ComparisonPlan plan,
            Variant variant,
            Map<Cell, CellOutcome> outcomes,
            @Nullable Double rollouts,
            @Nullable Double seconds) {
        Map<Cell, CellResult> finished = finished(plan, variant, outcomes);
        List<CellResult> results = List.copyOf(finished.values());
        return new Line(
                variant.name(),
                variant.estimator(),
                variant.settings(),
                results.isEmpty() ? null : results.get(0).rate(),
                finished.keySet().stream().map(Cell::seed).toList(),
                results.stream().anyMatch(result -> result.resumptions() > 0),
                rollouts == null ? null : spread(results, result -> result.accuracyAtRollouts(rollouts)),
                seconds == null ? null : spread(results, result -> result.accuracyAtSeconds(seconds)),
                spread(results, result -> result.accuracyAt(plan.budget())),
                spread(results, result -> result.reaches(plan.target(), Accuracy::rollouts)),
                spread(results, result -> result.reaches(plan.target(), Accuracy::seconds)),
                spread(results, result -> OptionalDouble.of((double) result.rollouts())),
                spread(results, result -> OptionalDouble.of(result.seconds())),
                results.stream()
                        .map(CellResult::peakResidentBytes)
                        .filter(Objects::nonNull)
                        .max(Long::compare)
                        .orElse(null),
                spread(
                        results,
                        result -> result.explainedVariance() == null
                                ? OptionalDouble.empty()
                                : OptionalDouble.of(result.explainedVariance())),
                meanShares(results));
    }

    private static @Nullable Spread spread(List<CellResult> results, Function<CellResult, OptionalDouble> measured) {
        return Spread.of(results.stream()
                .map(measured)
                .filter(OptionalDouble::isPresent)
                .map(OptionalDouble::getAsDouble)
                .toList());
    }

    private static Map<String, Double> meanShares(List<CellResult> results) {
        Map<String, Double> shares = new LinkedHashMap<>();
        results.forEach(result ->
                result.timeShares().forEach((role, share) -> shares.merge(role, share / results.size(), Double::sum)));
        return shares;
    }

    private static List<RunLine> runs(ComparisonPlan plan, Map<Cell, CellOutcome> outcomes) {
        List<RunLine> lines = new ArrayList<>();
        for (Cell cell : plan.candidates()) {
            boolean selected = plan.selected(cell.variant(), outcomes).contains(cell);
            CellOutcome outcome = outcomes.get(cell);
            if (outcome instanceof Finished done) {
                CellResult result = done.result();
                OptionalDouble accuracy = result.accuracyAt(plan.budget());
                lines.add(new RunLine(
                        cell.run(),
                        cell.variant().name(),
                        result.rate(),
                        cell.seed(),
                        selected,
                        null,
                        accuracy.isPresent() ? accuracy.getAsDouble() : null,
                        result.rollouts(),
                        result.seconds(),
                        result.resumptions(),
                        result.peakResidentBytes(),
                        result.explainedVariance(),
                        result.timeShares(),
                        result.evaluations()));
            } else if (outcome instanceof Failed failed) {
                lines.add(new RunLine(
                        cell.run(),
                        cell.variant().name(),
                        cell.rate(),
                        cell.seed(),
                        selected,
                        failed.reason(),
                        null,
                        0,
                        0,
                        0,
                        null,
                        null,
                        Map.of(),
                        List.of()));
            }
        }
        return lines;
    }

    /** Writes the result, atomically, and the figure. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path draft = folder.resolve(FILE + ".tmp");
        JSON.writeValue(draft.toFile(), this);
        Files.move(draft, folder.resolve(FILE), StandardCopyOption.REPLACE_EXISTING);
        ComparisonFigure.write(folder.resolve(FIGURE), title(), groups());
    }

    private String title() {
        return dataset + ": held-out accuracy, "
                + (seeds.size() == 1 ? "one seed" : "mean of " + seeds.size() + " seeds, lowest to highest")
                + ", budget " + budget;
    }

    private List<ComparisonFigure.Group> groups() {
        return estimators.stream()
                .map(line -> new ComparisonFigure.Group(
                        label(line),
                        runs.stream()
                                .filter(run -> run.selected()
                                        && run.failed() == null
                                        && run.name().equals(line.name()))
                                .map(RunLine::evaluations)
                                .toList()))
                .toList();
    }

    /** A legend has little room: settings in brackets are left out, unless they alone tell two variants apart. */
    private String label(Line line) {
        String brief = brief(line);
        boolean unique =
                estimators.stream().filter(other -> brief(other).equals(brief)).count() == 1;
        return (unique ? brief : line.name())
                + (line.accuracyAtEnd() == null
                        ? ""
                        : String.format(
                                Locale.ROOT, ", %.3f", line.accuracyAtEnd().mean()));
    }

    private static String brief(Line line) {
        return line.name().contains("[") ? line.estimator() : line.name();
    }
}
