package io.sppostream.sppo.cli;

import io.sppostream.events.LearnerState;
import io.sppostream.sppo.recorded.RecordedRun;
import io.sppostream.sppo.train.Pauses;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./sppo resume}: a learner that a circuit breaker has stopped goes on. */
@Command(
        name = "resume",
        description = "Let a learner that has paused go on: it says on the terminal, and on the log, why it did.",
        mixinStandardHelpOptions = true)
final class ResumeCommand implements Callable<Integer> {
    @Option(names = "--run", paramLabel = "NAME", required = true, description = "Name of the run.")
    private String run = "";

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        try (RecordedRun recorded = RecordedRun.open(cluster.load(run))) {
            LearnerState pause =
                    Pauses.end(recorded.kafka(), recorded.serdes(), recorded.topics(), "resume", Clock.systemUTC());
            System.out.println("learner of run " + run + " goes on; it had paused after step " + pause.getStep() + ": "
                    + pause.getReason());
        }
        return 0;
    }
}
