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
 * The report of an audit.
 *
 * @param run name of the run
 * @param results of the checks, in the order of the data flow
 * @param seconds that the audit took
 */
public record AuditReport(String run, List<Result> results, double seconds) {

    /**
     * The result of one check.
     *
     * @param name what was checked, in one word
     * @param summary how much was checked
     * @param claim the property that was checked, in words
     * @param findings number of violations
     * @param first the violation of the earliest step; null if there is none
     */
    public record Result(
            String name,
            String summary,
            String claim,
            long findings,
            @Nullable Finding first) {}

    /** This report with the results of further checks. */
    public AuditReport with(Supplier<List<Result>> further) {
        long start = System.nanoTime();
        List<Result> all = new ArrayList<>(results);
        all.addAll(further.get());
        return new AuditReport(run, all, seconds + (System.nanoTime() - start) / 1e9);
    }

    /** Whether there are no findings. */
    public boolean clean() {
        return first().isEmpty();
    }

    /** The finding of the earliest step; within a step, or among findings of no step, that of the first check. */
    public Optional<Finding> first() {
        return results.stream().map(Result::first).filter(Objects::nonNull).min(Comparator.comparingInt(Finding::step));
    }

    /** Prints a line per check, its first finding below, and the conclusion. */
    public void print(PrintStream out) {
        out.printf("audit of run '%s'%n", run);
        for (Result result : results) {
            Finding finding = result.first();
            if (finding == null) {
                out.printf("%-9s ok    %s: %s%n", result.name(), result.summary(), result.claim());
            } else {
                out.printf(
                        Locale.ROOT,
                        "%-9s FAIL  %s: %,d findings, the first is%n                %s%n",
                        result.name(),
                        result.summary(),
                        result.findings(),
                        finding);
            }
        }
        out.println(first().map(finding -> "not clean: the first finding is " + finding)
                .orElseGet(() -> String.format(Locale.ROOT, "clean, in %.1f s", seconds)));
    }
}
