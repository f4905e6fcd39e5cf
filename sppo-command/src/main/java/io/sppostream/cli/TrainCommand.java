package io.sppostream.cli;

import io.sppostream.run.TrainRun;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.report.Screen;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ./sppo train}: trains a policy. */
@Command(
        name = "train",
        description = "Train a policy: all roles in this process over the embedded broker, or over a cluster.",
        mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws InterruptedException {
        Configuration configuration = options.load();
        System.out.print(configuration.toYaml());
        System.out.println();
        return StopRequest.obeying(
                stopRequested -> new TrainRun(configuration, System.out, Screen.standard(), stopRequested).run(),
                resumeCommand(configuration));
    }

    private String resumeCommand(Configuration configuration) {
        return CommandLineText.resume(
                spec.root().commandLine().getParseResult().originalArgs(),
                configuration.settings().run());
    }
}
