package io.sppostream.cli;

import io.sppostream.history.audit.RequestTrace;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.run.report.StepMetricsPrinter;
import io.sppostream.run.timeline.StepTimelinePrinter;
import io.sppostream.run.timeline.StepTimelineReader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./sppo inspect}: one request, from prompt to gradient step, or the timeline of one step. */
@Command(
        name = "inspect",
        description = "Show every record of one request or rollout, from the prompt to the gradient step, or where the"
                + " time of one training step went.",
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "ID",
            description = "Id of a request (0000000026), or of a rollout (0000000026/0).")
    private @Nullable String id;

    @Option(
            names = "--step",
            paramLabel = "N",
            description =
                    "Show the timeline of this step of the policy instead, with its critical path, and its metrics.")
    private @Nullable Integer step;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        if ((id == null) == (step == null)) {
            throw new ParameterException(
                    command.commandLine(),
                    id == null
                            ? "give the ID of a request or rollout, or '--step'"
                            : "give an ID or '--step', not both");
        }
        try (RecordedRun recorded = run.open()) {
            if (step != null) {
                printStep(recorded, step);
            } else if (id != null) {
                RequestTrace.of(recorded.log(), id).print(System.out);
            }
        }
        return 0;
    }

    private static void printStep(RecordedRun recorded, int step) {
        try (StepTimelineReader timelines = new StepTimelineReader(
                recorded.log(), Lineage.of(recorded.log()).replayOf())) {
            new StepTimelinePrinter(recorded.log().topics().namespace(), timelines.read(step), System.out).print();
            StepMetricsPrinter.print(timelines.records(step), System.out);
        }
    }
}
