package io.sppostream.benchmarks;

import io.sppostream.log.UserException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The benchmarks: {@code ./bench}. */
@Command(
        name = "bench",
        description = "Benchmarks of whole runs and of the language model.",
        commandListHeading = "%nBenchmarks (./bench NAME --help shows the options of one):%n",
        subcommands = {
            LogPrice.class,
            LogPrice.WithoutLog.class,
            SamplingBenchmark.class,
            Peers.class,
            Exports.class,
            TrainingSpeed.class,
            Guard.class,
            Chaos.class,
            Recovery.class,
            RolesApart.class,
            Producers.class,
            Latency.class,
            Latency.RolesProcess.class,
            JoinStateBenchmark.class,
            JoinStateBenchmark.JoinRole.class,
            AuditBenchmark.class,
            BacklogBenchmark.class
        },
        mixinStandardHelpOptions = true)
public final class Main {
    private Main() {}

    @Command(
            name = "model",
            description = "Measure the language model: sampling, training, one training step, files, memory.",
            mixinStandardHelpOptions = true)
    int model(
            @Parameters(
                            paramLabel = "SECTION",
                            arity = "0..*",
                            description = "sampling, training, step, files or memory (default: all).")
                    String @Nullable [] sections)
            throws Exception {
        ModelBenchmark.main(sections == null ? new String[0] : sections);
        return 0;
    }

    @Command(
            name = "large-model",
            description = "Load, sample and train a random model of the size of Qwen2.5-0.5B.",
            mixinStandardHelpOptions = true)
    int largeModel(
            @Parameters(paramLabel = "DIR", description = "Folder of the model; written first if missing (1 GB).")
                    String directory)
            throws IOException {
        LargeModelBenchmark.main(new String[] {directory});
        return 0;
    }

    /** Runs a benchmark and exits with its code: 0 done, 1 failed, 2 if something is missing that the user can supply. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main())
                .setUsageHelpAutoWidth(true)
                .setExecutionExceptionHandler((error, command, parsed) -> {
                    if (error instanceof UserException) {
                        command.getErr().println("bench: " + error.getMessage());
                        return CommandLine.ExitCode.USAGE;
                    }
                    throw error;
                })
                .execute(arguments));
    }
}
