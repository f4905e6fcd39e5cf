package io.sppostream.cli;

import io.sppostream.events.WeightsManifest;
import io.sppostream.history.export.CheckpointExport;
import io.sppostream.history.recorded.RecordedRun;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./sppo export}: a policy version as a checkpoint folder. */
@Command(
        name = "export",
        description = "Write a policy version of a run as a checkpoint folder that transformers, vLLM and SGLang load."
                + " The run may be in progress.")
final class ExportCommand implements Callable<Integer> {
    @Option(names = "--version", paramLabel = "N", description = "The version to export; by default the last.")
    private @Nullable Integer version;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder to write; new or empty.")
    private Path out = Path.of("");

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "Checkpoint folder to take the tokenizer from; by default that of the run.")
    private @Nullable Path tokenizer;

    @Option(
            names = "--merge",
            description =
                    "Merge the adapters of a run that trains such into the weights; by default they are written as"
                            + " adapter_model.safetensors.")
    private boolean merge;

    @SuppressWarnings("UnusedVariable") // The standard options are not mixed in, since --version is another here.
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help message and exit.")
    private boolean help;

    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        try (RecordedRun recorded = run.open()) {
            WeightsManifest manifest = new CheckpointExport(recorded).write(version, tokenizer, merge, out);
            System.out.println("policy version " + manifest.getVersion() + " of run '" + run.run() + "' is in " + out);
            System.out.println("SHA-256 of its weights: " + manifest.getSha256());
        }
        return 0;
    }
}
