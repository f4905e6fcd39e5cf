package io.sppostream.cli;

import io.sppostream.events.LearnerState;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.run.Pauses;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo resume}: a learner that a circuit breaker has stopped goes on. */
@Command(
        name = "resume",
        description = "Let a learner that has paused go on: it says on the terminal, and on the log, why it did.",
        mixinStandardHelpOptions = true)
final class ResumeCommand implements Callable<Integer> {
    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        try (RecordedRun recorded = run.open()) {
            LearnerState pause = Pauses.end(recorded.log(), "resume", Clock.systemUTC());
            System.out.println("learner of run " + run.run() + " goes on; it had paused after step " + pause.getStep()
                    + ": " + pause.getReason());
        }
        return 0;
    }
}
