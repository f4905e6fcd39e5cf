package io.sppostream.benchmarks;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The benchmarks: {@code ./bench}. */
@Command(
        name = "bench",
        description = "Whole-run and micro benchmarks.",
        subcommands = {LogPrice.class, LogPrice.WithoutLog.class, Chaos.class, Recovery.class},
        mixinStandardHelpOptions = true)
public final class Main {
    private Main() {}

    @Command(name = "model", description = "Speed of the language model: sampling, training, job, files, memory.")
    int model(
            @Parameters(paramLabel = "SECTION", arity = "0..*", description = "All if none is given.")
                    String @Nullable [] sections)
            throws Exception {
        ModelBenchmark.main(sections == null ? new String[0] : sections);
        return 0;
    }

    @Command(
            name = "large-model",
            description = "A random model of Qwen2.5-0.5B's size: load, sample, one training step.")
    int largeModel(@Parameters(paramLabel = "DIR", description = "Folder the model is written to.") String directory)
            throws IOException {
        LargeModelBenchmark.main(new String[] {directory});
        return 0;
    }

    /** Runs a benchmark. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main()).setUsageHelpAutoWidth(true).execute(arguments));
    }
}
