package io.sppostream.sppo.cli;

import io.sppostream.sppo.config.Configuration;
import io.sppostream.sppo.train.TrainRun;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo train}: the main job. */
@Command(
        name = "train",
        description = "Train a policy: all roles in this process over the embedded broker, or over a cluster.",
        mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Override
    public Integer call() throws InterruptedException {
        Configuration configuration = options.load();
        System.out.print(configuration.toYaml());
        System.out.println();
        AtomicBoolean stopRequested = new AtomicBoolean();
        Thread main = Thread.currentThread();
        // Ctrl-C: what is committed stays, and roles and broker stop in order while the hook waits.
        Thread hook = new Thread(() -> {
            stopRequested.set(true);
            try {
                main.join(60_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        new TrainRun(configuration, System.out, Boolean.getBoolean("sppo.terminal"), stopRequested::get).run();
        if (stopRequested.get()) {
            return INTERRUPTED;
        }
        Runtime.getRuntime().removeShutdownHook(hook);
        return 0;
    }
}
