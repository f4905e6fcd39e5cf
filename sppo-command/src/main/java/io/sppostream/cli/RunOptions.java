package io.sppostream.cli;

import io.sppostream.history.recorded.RecordedRun;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that look at one run: its name, and where the log is. */
final class RunOptions {
    @Option(names = "--run", paramLabel = "NAME", required = true, description = "Name of the run.")
    private String run = "";

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    String run() {
        return run;
    }

    /** @throws io.sppostream.log.LogException where there is no such run */
    RecordedRun open() {
        return RecordedRun.open(cluster.load(run));
    }
}
