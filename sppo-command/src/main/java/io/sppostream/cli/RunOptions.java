package io.sppostream.cli;

import io.sppostream.history.recorded.RecordedRun;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that read one recorded run: its name and where its log is. */
final class RunOptions {
    @Option(names = "--run", paramLabel = "NAME", required = true, description = "Name of the run.")
    private String run = "";

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    String run() {
        return run;
    }

    /** @throws io.sppostream.log.LogException if there is no such run */
    RecordedRun open() {
        return RecordedRun.open(cluster.load(run));
    }
}
