package io.sppostream.cli;

import io.sppostream.run.MemoryCheck;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo plan}: the memory that a run would take. */
@Command(
        name = "plan",
        description = "Estimate the memory of a run by role and device, and say what to change if it does not fit.",
        mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {
    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Override
    public Integer call() {
        System.out.print(MemoryCheck.report(options.load("plan").settings()).text());
        return 0;
    }
}
