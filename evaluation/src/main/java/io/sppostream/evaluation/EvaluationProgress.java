package io.sppostream.evaluation;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Prints how far the sampling of a benchmark is, every few seconds. Thread-safe. */
public final class EvaluationProgress {
    private static final long INTERVAL_NANOS = 10_000_000_000L;
    private static final double NANOS_PER_SECOND = 1e9;

    private final PrintStream out;
    private final LongSupplier nanoTime;
    private String benchmark = "";
    private int total;
    private int done;
    private int judged;
    private int sampledHere;
    private double rewards;
    private long started;
    private long printed;

    /** @param nanoTime as {@link System#nanoTime} */
    public EvaluationProgress(PrintStream out, LongSupplier nanoTime) {
        this.out = out;
        this.nanoTime = nanoTime;
    }

    /**
     * Begins a benchmark.
     *
     * @param samples of the benchmark
     * @param found those that an earlier process has sampled
     */
    synchronized void begin(String benchmark, int samples, int found) {
        this.benchmark = benchmark;
        this.total = samples;
        this.done = found;
        this.judged = 0;
        this.sampledHere = 0;
        this.rewards = 0;
        this.started = nanoTime.getAsLong();
        this.printed = started;
        out.println(benchmark + ": " + samples + " samples" + (found == 0 ? "" : ", " + found + " of them found"));
    }

    synchronized void add(SampleRecord sample) {
        done++;
        sampledHere++;
        Double reward = sample.reward();
        if (reward != null) {
            rewards += reward;
            judged++;
        }
        long now = nanoTime.getAsLong();
        if (now - printed >= INTERVAL_NANOS) {
            printed = now;
            double perSecond = sampledHere / ((now - started) / NANOS_PER_SECOND);
            out.printf(
                    Locale.ROOT,
                    "%s: %d of %d samples, mean reward of the new ones %.3f, %.2f samples/s%n",
                    benchmark,
                    done,
                    total,
                    judged == 0 ? 0 : rewards / judged,
                    perSecond);
        }
    }
}
