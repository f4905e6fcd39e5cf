package io.sppostream.cli;

import io.sppostream.history.audit.RequestTrace;
import io.sppostream.history.recorded.RecordedRun;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ./sppo inspect}: one request, from prompt to gradient step. */
@Command(
        name = "inspect",
        description = "Show every record of one request or rollout, from the prompt to the gradient step.",
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "Id of a request (0000000026), or of a rollout (0000000026/0).")
    private String id = "";

    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        try (RecordedRun recorded = run.open()) {
            RequestTrace.of(recorded.log(), id).print(System.out);
        }
        return 0;
    }
}
