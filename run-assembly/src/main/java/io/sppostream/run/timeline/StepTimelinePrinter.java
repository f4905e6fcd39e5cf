package io.sppostream.run.timeline;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** Prints the timeline of a step as a table, one row a hop in order of time, the critical path marked. */
public final class StepTimelinePrinter {
    private static final Duration LONG = Duration.ofSeconds(10);

    private final String run;
    private final StepTimeline timeline;
    private final PrintStream out;
    private final boolean inSeconds;
    private final int nameWidth;

    /** @param run name of the run */
    public StepTimelinePrinter(String run, StepTimeline timeline, PrintStream out) {
        this.run = run;
        this.timeline = timeline;
        this.out = out;
        this.inSeconds = timeline.length().compareTo(LONG) >= 0;
        this.nameWidth = timeline.hops().stream()
                .mapToInt(hop -> hop.name().length())
                .max()
                .orElse(0);
    }

    /** Prints the table and what follows from it. */
    public void print() {
        out.printf(
                "step %d of the policy in run '%s': %,d samples; times in %s since '%s'%n%n",
                timeline.step(),
                run,
                timeline.samples(),
                unit(),
                timeline.head().name());
        row("", "", "records", "first", "median", "last", "waiting", "working");
        timeline.hops().forEach(this::hop);
        out.println();
        Duration waiting = sum(true);
        Duration working = sum(false);
        fact(
                "critical path (*)",
                "%s to '%s': %s working, %s waiting",
                with(timeline.length()) + " from '" + timeline.head().name() + "'",
                timeline.end().name(),
                with(working),
                with(waiting));
        overlap();
        StepTimeline.Part bottleneck = timeline.bottleneck();
        if (bottleneck != null) {
            fact(
                    "bottleneck",
                    "%s: %s of %s",
                    bottleneck.description(),
                    with(bottleneck.length()),
                    with(timeline.length()));
        }
    }

    /** How far the step overlaps with the one before, if it does. */
    private void overlap() {
        Duration since = timeline.sinceStepBefore();
        List<Duration> waits = timeline.waitsForLearner();
        if (since == null || (waits.isEmpty() && since.compareTo(timeline.length()) >= 0)) {
            return;
        }
        int before = timeline.step() - 1;
        String waited = waits.isEmpty()
                ? "none of its samples waited for that"
                : String.format(
                        Locale.ROOT,
                        "%,d of its samples waited for that, median %s, at most %s",
                        waits.size(),
                        with(waits.get(waits.size() / 2)),
                        with(waits.get(waits.size() - 1)));
        fact("overlap", "the step ended %s after step %d; %s", with(since), before, waited);
    }

    private Duration sum(boolean waiting) {
        return timeline.parts().stream()
                .filter(part -> part.waiting() == waiting)
                .map(StepTimeline.Part::length)
                .reduce(Duration.ZERO, Duration::plus);
    }

    private void hop(Hop hop) {
        Span span = hop.span();
        boolean single = span.records() == 1;
        row(
                timeline.isCritical(hop) ? "*" : "",
                hop.name(),
                single ? "" : String.format(Locale.ROOT, "%,d", span.records()),
                single ? "" : at(span.first()),
                single ? "" : at(span.median()),
                at(span.last()),
                positive(hop.waiting()),
                positive(hop.working()));
    }

    private void row(String mark, String name, String... cells) {
        StringBuilder line = new StringBuilder(String.format("%-2s%-" + nameWidth + "s", mark, name));
        for (String cell : cells) {
            line.append(String.format("%10s", cell));
        }
        out.println(line.toString().stripTrailing());
    }

    private void fact(String name, String format, Object... arguments) {
        out.printf("%-19s %s%n", name, String.format(Locale.ROOT, format, arguments));
    }

    private String at(Instant instant) {
        return number(Duration.between(timeline.origin(), instant));
    }

    private String positive(Duration duration) {
        return duration.isZero() ? "" : number(duration);
    }

    private String with(Duration duration) {
        return number(duration) + " " + unit();
    }

    private String number(Duration duration) {
        double nanos = duration.toNanos();
        return String.format(Locale.ROOT, "%,.1f", nanos / (inSeconds ? 1e9 : 1e6));
    }

    /** The unit of all times of the table. */
    private String unit() {
        return inSeconds ? "s" : "ms";
    }
}
