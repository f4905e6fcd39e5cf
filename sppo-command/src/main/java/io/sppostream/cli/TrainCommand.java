package io.sppostream.cli;

import io.sppostream.run.TrainRun;
import io.sppostream.run.config.Configuration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo train}: the main job. */
@Command(
        name = "train",
        description = "Train a policy: all roles in this process over the embedded broker, or over a cluster.",
        mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Override
    public Integer call() throws InterruptedException {
        Configuration configuration = options.load();
        System.out.print(configuration.toYaml());
        System.out.println();
        return StopRequest.obeying(stopRequested ->
                new TrainRun(configuration, System.out, Boolean.getBoolean("sppo.terminal"), stopRequested).run());
    }
}
