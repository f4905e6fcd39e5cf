package io.sppostream.cli;

import io.sppostream.history.audit.Audit;
import io.sppostream.history.audit.AuditReport;
import io.sppostream.history.audit.Retraining;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.RunLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./sppo audit}: exits 0 where the log of a run is clean, 1 where it is not. */
@Command(
        name = "audit",
        description = "Check that the log of a run adds up: conservation, ledger, offsets, hashes; also while it runs.",
        mixinStandardHelpOptions = true)
final class AuditCommand implements Callable<Integer> {
    /** Whether and how far to train again. */
    static final class Retrain {
        @Option(
                names = "--retrain",
                required = true,
                description = "Also train all steps again, from the start weights, and compare the hash of each.")
        private boolean retrain;

        @Option(names = "--version", paramLabel = "N", description = "Stop at this version; at the last by default.")
        private int version = Integer.MAX_VALUE;
    }

    @ArgGroup(exclusive = false)
    private Retrain retrain = new Retrain();

    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        try (RecordedRun recorded = run.open()) {
            AuditReport report = new Audit(new RunLog(recorded.kafka(), recorded.serdes(), recorded.topics())).run();
            if (retrain.retrain) {
                report = report.with(new Retraining(recorded, retrain.version)::run);
            }
            report.print(System.out);
            return report.clean() ? 0 : 1;
        }
    }
}
