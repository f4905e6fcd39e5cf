package io.sppostream.cli;

import io.sppostream.grade.ShadowReport;
import io.sppostream.history.recorded.RecordedRun;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo shadows}: reports where shadow verifiers disagree with the rewards of a run. */
@Command(
        name = "shadows",
        description = "Print, as JSON Lines, the rollouts of a run for which a shadow verifier gives another reward.",
        mixinStandardHelpOptions = true)
final class ShadowsCommand implements Callable<Integer> {
    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        try (RecordedRun recorded = run.open()) {
            new ShadowReport(recorded.log()).write(System.out).forEach(System.err::println);
        }
        return 0;
    }
}
