package io.sppostream.compare;

import io.sppostream.compare.CellOutcome.Failed;
import io.sppostream.compare.CellOutcome.Finished;
import io.sppostream.log.UserException;
import io.sppostream.run.report.LiveLine;
import io.sppostream.run.report.Screen;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;

/**
 * Takes the runs of a plan one after another and sums them up. The result and the figure are written after each run, so
 * that an interrupted comparison has those of the runs that have finished. A run that is recorded and has spent the
 * budget is not taken again; one that was interrupted is resumed.
 */
public final class Comparison {
    private final String dataset;
    private final ComparisonPlan plan;
    private final CellRunner runner;
    private final Path folder;
    private final Screen screen;
    private final Map<Cell, CellOutcome> outcomes = new LinkedHashMap<>();

    /** @param folder takes the result and the figure */
    public Comparison(String dataset, ComparisonPlan plan, CellRunner runner, Path folder, Screen screen) {
        this.dataset = dataset;
        this.plan = plan;
        this.runner = runner;
        this.folder = folder;
        this.screen = screen;
    }

    /**
     * Takes the runs that are missing.
     *
     * @param stopRequested polled several times a second; the comparison stops once it is true
     * @throws UserException if a recorded run has other settings; no run is started then
     */
    public void run(BooleanSupplier stopRequested) throws InterruptedException {
        plan.candidates().forEach(runner::recorded);
        for (Optional<Cell> next = plan.next(outcomes);
                next.isPresent() && !stopRequested.getAsBoolean();
                next = plan.next(outcomes)) {
            Optional<CellOutcome> outcome = run(next.get(), stopRequested);
            if (outcome.isEmpty()) {
                break;
            }
            outcomes.put(next.get(), outcome.get());
            write();
        }
    }

    private Optional<CellOutcome> run(Cell cell, BooleanSupplier stopRequested) throws InterruptedException {
        String name = (outcomes.size() + 1) + "/" + plan.size() + " " + cell.label();
        Optional<Finished> recorded = finished(cell);
        if (recorded.isPresent()) {
            CellOutcome outcome = recorded.get();
            screen.println(name + ": " + text(outcome) + " (recorded)");
            return Optional.of(outcome);
        }
        Optional<CellOutcome> outcome;
        try (LiveLine line = new LiveLine(screen)) {
            outcome = runner.run(
                    cell,
                    progress ->
                            line.show(name + ": " + progress, Clock.systemUTC().instant()),
                    stopRequested);
        }
        outcome.ifPresent(done -> screen.println(name + ": " + text(done)));
        return outcome;
    }

    /** A run that is recorded and has spent the budget. */
    private Optional<Finished> finished(Cell cell) {
        return runner.recorded(cell)
                .filter(result -> result.covers(plan.budget()))
                .map(Finished::new);
    }

    private String text(CellOutcome outcome) {
        if (outcome instanceof Failed failed) {
            return "failed: " + failed.reason();
        }
        CellResult result = ((Finished) outcome).result();
        OptionalDouble accuracy = result.accuracyAt(plan.budget());
        return String.format(
                Locale.ROOT,
                "accuracy %s, %,d rollouts, %.1f s",
                accuracy.isPresent() ? String.format(Locale.ROOT, "%.3f", accuracy.getAsDouble()) : "not judged",
                result.rollouts(),
                result.seconds());
    }

    /**
     * Takes the recorded runs that have spent the budget, and starts none. An interrupted one would shorten the
     * others, which are compared at the rollouts and seconds that all reached.
     *
     * @throws UserException if there is none
     */
    public void redraw() {
        for (Cell cell : plan.candidates()) {
            finished(cell).ifPresent(outcome -> outcomes.put(cell, outcome));
        }
        if (outcomes.isEmpty()) {
            throw new UserException("no run of this comparison has spent its budget of " + plan.budget() + " in "
                    + folder.toAbsolutePath() + ": without --redraw, the same command takes or resumes its runs");
        }
        write();
    }

    private void write() {
        try {
            result().write(folder);
        } catch (IOException e) {
            throw new UserException(
                    "cannot write the comparison to " + folder.toAbsolutePath() + ": " + e.getMessage());
        }
    }

    private ComparisonResult result() {
        return ComparisonResult.of(dataset, plan, outcomes);
    }

    /** Whether a run has failed. */
    public boolean hasFailed() {
        return outcomes.values().stream().anyMatch(Failed.class::isInstance);
    }

    /** The result for a person: tables, each a header and its rows. */
    public List<List<List<String>>> tables() {
        ComparisonText text = new ComparisonText(result());
        return List.of(text.table(), text.timeTable());
    }

    /** The remarks under the tables, a line each. */
    public List<String> notes() {
        return new ComparisonText(result()).notes();
    }

    /** The files of the result. */
    public List<Path> files() {
        return List.of(folder.resolve(ComparisonResult.FILE), folder.resolve(ComparisonResult.FIGURE));
    }
}
