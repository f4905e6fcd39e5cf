package io.sppostream.sppo.cli;

import io.sppostream.sppo.audit.Audit;
import io.sppostream.sppo.audit.AuditReport;
import io.sppostream.sppo.train.RecordedRun;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo audit}: exits 0 where the log of a run is clean, 1 where it is not. */
@Command(
        name = "audit",
        description = "Check that the log of a run adds up: conservation, ledger, offsets, hashes; also while it runs.",
        mixinStandardHelpOptions = true)
final class AuditCommand implements Callable<Integer> {
    @Mixin
    private LogOptions options = new LogOptions();

    @Override
    public Integer call() {
        try (RecordedRun run = RecordedRun.open(options.load())) {
            AuditReport report = new Audit(run.kafka(), run.serdes(), run.topics()).run();
            report.print(System.out);
            return report.clean() ? 0 : 1;
        }
    }
}
