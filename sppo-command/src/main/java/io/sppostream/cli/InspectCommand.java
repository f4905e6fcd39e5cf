package io.sppostream.cli;

import io.sppostream.history.audit.Trail;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.RunLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ./sppo inspect}: one request, from prompt to gradient step. */
@Command(
        name = "inspect",
        description = "Show all that the log has of one request or rollout, from prompt to gradient step.",
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "Id of a request (0000000026), or of a rollout (0000000026/0).")
    private String id = "";

    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        try (RecordedRun recorded = run.open()) {
            Trail.of(new RunLog(recorded.kafka(), recorded.serdes(), recorded.topics()), id)
                    .print(System.out);
        }
        return 0;
    }
}
