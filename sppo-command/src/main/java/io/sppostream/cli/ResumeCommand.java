package io.sppostream.cli;

import io.sppostream.events.LearnerState;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.run.Pauses;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./sppo resume}: ends the pause of a learner. */
@Command(
        name = "resume",
        description = "Resume a learner that a circuit breaker has paused. The terminal and the log say why it has.",
        mixinStandardHelpOptions = true)
final class ResumeCommand implements Callable<Integer> {
    @Mixin
    private RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        try (RecordedRun recorded = run.open()) {
            LearnerState pause = Pauses.end(recorded.log(), "resume", Clock.systemUTC());
            System.out.println("learner of run " + run.run() + " resumes; it paused after step " + pause.getStep()
                    + ": " + pause.getReason());
        }
        return 0;
    }
}
