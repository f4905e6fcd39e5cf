package io.sppostream.cli;

import io.sppostream.run.Role;
import io.sppostream.run.Service;
import io.sppostream.run.config.Configuration;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo feed}, {@code rollout}, {@code verify}, {@code advantage}, {@code critic}, {@code score}, {@code learn}. */
@Command(mixinStandardHelpOptions = true)
final class RoleCommand implements Callable<Integer> {
    private final Role role;

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    RoleCommand(Role role) {
        this.role = role;
    }

    @Override
    public Integer call() throws InterruptedException {
        Configuration configuration = options.loadForCluster();
        return StopRequest.obeying(stopRequested -> Service.joining(
                        configuration, Set.of(role), ConfigurationOptions.screen(configuration), stopRequested)
                .run());
    }
}
