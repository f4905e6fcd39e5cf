package io.sppostream.benchmarks;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The benchmarks: {@code ./bench}. */
@Command(
        name = "bench",
        description = "Whole-run and micro benchmarks.",
        subcommands = {LogPrice.class, LogPrice.WithoutLog.class},
        mixinStandardHelpOptions = true)
public final class Main {
    private Main() {}

    /** Runs a benchmark. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main()).setUsageHelpAutoWidth(true).execute(arguments));
    }
}
