package io.sppostream.cli;

import io.sppostream.run.Budget;
import io.sppostream.run.TrainRun;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsReference;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./sppo train}: trains a policy. */
@Command(
        name = "train",
        description = "Train a policy: all roles in this process over the embedded broker, or over a cluster.",
        mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Option(
            names = "--budget",
            paramLabel = "rollouts=N|seconds=S",
            description = "End the run before its last step once so many rollouts, evidence included, have settled, or"
                    + " after so many seconds of training.")
    private Budget budget = Budget.UNLIMITED;

    @Option(names = "--print-config", description = "Print all settings as YAML, and exit.")
    private boolean printConfiguration;

    @Option(names = "--help-settings", description = "Describe all settings, and exit.")
    private boolean describeSettings;

    @Override
    public Integer call() throws InterruptedException {
        if (describeSettings) {
            System.out.print(SettingsReference.text());
            return 0;
        }
        Configuration configuration = options.load();
        if (printConfiguration) {
            System.out.print(configuration.toYaml());
            return 0;
        }
        Optional<String> warning = TrainRun.require(configuration.settings());
        String resumeCommand = options.resumeCommand(configuration);
        System.out.println(header(configuration, resumeCommand));
        warning.ifPresent(text -> System.out.println("warning: " + text));
        return StopRequest.obeying(
                stopRequested ->
                        new TrainRun(configuration, budget, System.out, ConfigurationOptions.screen(configuration), stopRequested).run(),
                resumeCommand);
    }

    /** The run in a few lines: its name, the settings that the user has changed, and how to resume it. */
    static String header(Configuration configuration, String resumeCommand) {
        RunSettings settings = configuration.settings();
        StringBuilder header = new StringBuilder("run " + settings.run()
                + (configuration.preset().isEmpty()
                        ? ", dataset " + settings.dataset()
                        : ", preset " + configuration.preset())
                + "\n");
        configuration.changed().forEach((name, value) -> header.append("  " + name + ": " + value + "\n"));
        return header.append("resume with: " + resumeCommand + "\n").toString();
    }
}
