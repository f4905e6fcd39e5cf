package io.sppostream.cli;

import io.sppostream.run.Role;
import io.sppostream.run.Service;
import io.sppostream.run.config.Configuration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo up}: all roles but the feed. */
@Command(
        name = "up",
        description =
                "Run all roles but the feed until stopped, over the embedded broker or a cluster. Others publish the prompts"
                        + " (./sppo ask, docs/prompts.md).",
        mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Override
    public Integer call() throws InterruptedException {
        Configuration configuration = options.load();
        Set<Role> roles = EnumSet.copyOf(Role.of(configuration.settings()));
        roles.remove(Role.FEED);
        return StopRequest.obeying(
                stopRequested -> Service.beginning(configuration, roles, ConfigurationOptions.screen(configuration), stopRequested)
                        .run());
    }
}
