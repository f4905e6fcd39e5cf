package io.sppostream.sppo.cli;

import io.sppostream.sppo.grade.ShadowReport;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo shadows}: where verifiers that only watched disagree with the rewards of a run. */
@Command(
        name = "shadows",
        description = "Print the rollouts of a run to which a shadow would have given another reward, as JSON Lines.",
        mixinStandardHelpOptions = true)
final class ShadowsCommand implements Callable<Integer> {
    @Mixin
    private LogOptions options = new LogOptions();

    @Override
    public Integer call() {
        OpenRun.with(
                options,
                run -> new ShadowReport(run.kafka(), run.serdes(), run.topics())
                        .write(System.out)
                        .forEach(System.err::println));
        return 0;
    }
}
