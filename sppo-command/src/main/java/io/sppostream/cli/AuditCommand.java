package io.sppostream.cli;

import io.sppostream.history.audit.Audit;
import io.sppostream.history.audit.AuditReport;
import io.sppostream.history.audit.Retraining;
import io.sppostream.history.recorded.RecordedRun;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./sppo audit}: exits with 0 if the log of a run is clean, with 1 if it is not. */
@Command(
        name = "audit",
        description =
                "Check that the log of a run is consistent: conservation, ledger, offsets, hashes. The run may be in progress.",
        mixinStandardHelpOptions = true)
final class AuditCommand implements Callable<Integer> {
    @Option(
            names = "--retrain",
            description = "Also train all steps again from the start weights, and compare the hash of each version.")
    private boolean retrain;

    @Option(
            names = "--to-version",
            paramLabel = "N",
            description = "With --retrain: stop at this version; by default at the last.")
    private @Nullable Integer toVersion;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        if (toVersion != null && !retrain) {
            throw new ParameterException(command.commandLine(), "option '--to-version' needs '--retrain'");
        }
        try (RecordedRun recorded = run.open()) {
            AuditReport report = new Audit(recorded.log()).run();
            if (retrain) {
                int lastVersion = toVersion == null ? Integer.MAX_VALUE : toVersion;
                report = report.with(new Retraining(recorded, lastVersion)::run);
            }
            report.print(System.out);
            return report.clean() ? 0 : 1;
        }
    }
}
