package io.sppostream.history.audit;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an audit found.
 *
 * @param run name of the run
 * @param results of the checks, in the order of the flow
 * @param seconds it took
 */
public record AuditReport(String run, List<Result> results, double seconds) {

    /**
     * The result of one check.
     *
     * @param name what was checked
     * @param summary how much of it there was
     * @param claim what holds of it where nothing differs
     * @param differences how many were found
     * @param first the one of the earliest step; null where there is none
     */
    public record Result(
            String name,
            String summary,
            String claim,
            long differences,
            @Nullable Difference first) {}

    /** The report with what further checks find. */
    public AuditReport with(Supplier<List<Result>> further) {
        long start = System.nanoTime();
        List<Result> all = new ArrayList<>(results);
        all.addAll(further.get());
        return new AuditReport(run, all, seconds + (System.nanoTime() - start) / 1e9);
    }

    /** Whether nothing differs. */
    public boolean clean() {
        return first().isEmpty();
    }

    /** The difference of the earliest step; of those of one step, or of none, that of the check that comes first. */
    public Optional<Difference> first() {
        return results.stream()
                .map(Result::first)
                .filter(Objects::nonNull)
                .min(Comparator.comparingInt(Difference::step));
    }

    /** Prints a line a check, what is wrong with it below, and the conclusion. */
    public void print(PrintStream out) {
        out.printf("audit of run '%s'%n", run);
        for (Result result : results) {
            Difference difference = result.first();
            if (difference == null) {
                out.printf("%-9s ok    %s: %s%n", result.name(), result.summary(), result.claim());
            } else {
                out.printf(
                        Locale.ROOT,
                        "%-9s FAIL  %s: %,d differ, the first is%n                %s%n",
                        result.name(),
                        result.summary(),
                        result.differences(),
                        difference);
            }
        }
        out.println(first().map(difference -> "not clean: the first difference is " + difference)
                .orElseGet(() -> String.format(Locale.ROOT, "clean, in %.1f s", seconds)));
    }
}
