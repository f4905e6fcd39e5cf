package io.sppostream.run;

import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventWriter;
import io.sppostream.log.RunLog;
import io.sppostream.log.UserException;
import io.sppostream.run.config.RunSettings;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The pauses of a run's learner: how a person is told of one, and ends it. */
public final class Pauses {
    private Pauses() {}

    /** A pause, or its end, in one line. */
    static String line(LearnerState state, RunSettings settings) {
        if (state.getStatus() != LearnerStatus.PAUSED) {
            return "learner goes on after step " + state.getStep();
        }
        return "learner paused after step " + state.getStep() + ": " + state.getReason()
                + "; go on with ./sppo resume --run " + settings.run() + where(settings);
    }

    private static String where(RunSettings settings) {
        String bootstrapServers = settings.bootstrapServers();
        return bootstrapServers.isEmpty()
                ? " --data-dir " + settings.dataDirectory()
                : " --bootstrap-servers " + bootstrapServers + " --schema-registry-url " + settings.schemaRegistryUrl();
    }

    /**
     * Tells a paused learner to go on.
     *
     * @param by who says so, for the log
     * @return the pause that ends
     * @throws UserException where the learner does not pause
     */
    public static LearnerState end(RunLog runLog, String by, Clock clock) {
        Topic<LearnerState> topic = runLog.topics().learnerStates();
        LearnerState pause = last(runLog);
        if (pause == null || pause.getStatus() != LearnerStatus.PAUSED) {
            throw new UserException("the learner of run '" + runLog.topics().namespace() + "' is not paused");
        }
        LearnerState running = new LearnerState(
                pause.getLine(), LearnerStatus.RUNNING, null, "told to go on", pause.getStep(), by, clock.instant());
        try (EventWriter log = runLog.writer()) {
            log.send(topic, running.getLine(), running);
            log.flush();
        }
        return pause;
    }

    private static @Nullable LearnerState last(RunLog runLog) {
        try (EventReader log = runLog.reader(List.of(runLog.topics().learnerStates()))) {
            return log.pollToEnd().stream()
                    .map(received -> (LearnerState) received.event())
                    .filter(state -> state.getLine().equals(ModelKind.POLICY.id()))
                    .reduce((before, after) -> after)
                    .orElse(null);
        }
    }
}
