package io.sppostream.run;

import io.sppostream.events.Breaker;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventWriter;
import io.sppostream.log.Redactor;
import io.sppostream.log.RunLog;
import io.sppostream.log.UserException;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.report.TerminalText;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The pauses of a run's learner: the message about one, and the way to end it. */
public final class Pauses {
    private Pauses() {}

    /** A pause, or its end, in one line. If verifiers failed, it names the last one that did and its error. */
    static String message(LearnerState state, RunLog runLog, RunSettings settings) {
        if (state.getStatus() != LearnerStatus.PAUSED) {
            return "learner resumes after step " + state.getStep();
        }
        return message(state, state.getBreaker() == Breaker.INFRA_ERRORS ? lastInfraError(runLog) : null, settings);
    }

    /** @param lastError the last expiry by a failed verifier; null if there is none */
    static String message(LearnerState pause, @Nullable Expired lastError, RunSettings settings) {
        return "learner paused after step " + pause.getStep() + ": " + pause.getReason()
                + (lastError == null
                        ? ""
                        : "; the last one: " + TerminalText.printable(lastError.getDetail()) + " on "
                                + TerminalText.printable(
                                        Objects.requireNonNullElse(lastError.getRolloutId(), lastError.getRequestId())))
                + "; resume with ./sppo resume --run " + settings.run() + where(settings);
    }

    private static @Nullable Expired lastInfraError(RunLog runLog) {
        Topic<Expired> topic = runLog.topics().expired();
        try (EventReader log = runLog.reader(List.of(topic))) {
            return IntStream.range(0, topic.partitions())
                    .boxed()
                    .flatMap(partition -> log
                            .last(
                                    topic,
                                    partition,
                                    log.end(topic, partition),
                                    records -> records.stream().anyMatch(Pauses::isInfraError))
                            .stream())
                    .filter(Pauses::isInfraError)
                    .map(record -> (Expired) record.event())
                    .max(Comparator.comparing(Expired::getExpiredAt))
                    .orElse(null);
        }
    }

    private static boolean isInfraError(EventRecord<?> record) {
        return ((Expired) record.event()).getReason() == ExpiryReason.INFRA_ERROR;
    }

    private static String where(RunSettings settings) {
        String bootstrapServers = settings.bootstrapServers();
        return bootstrapServers.isEmpty()
                ? " --data-dir " + settings.dataDirectory()
                : " --bootstrap-servers " + bootstrapServers + " --schema-registry-url "
                        + Redactor.text(settings.schemaRegistryUrl());
    }

    /**
     * Tells a paused learner to resume.
     *
     * @param by the command that tells it, for the log
     * @return the pause that ends
     * @throws UserException if the learner is not paused
     */
    public static LearnerState end(RunLog runLog, String by, Clock clock) {
        Topic<LearnerState> topic = runLog.topics().learnerStates();
        LearnerState pause = last(runLog);
        if (pause == null || pause.getStatus() != LearnerStatus.PAUSED) {
            throw new UserException("the learner of run '" + runLog.topics().namespace() + "' is not paused");
        }
        LearnerState running = new LearnerState(
                pause.getLine(), LearnerStatus.RUNNING, null, "told to resume", pause.getStep(), by, clock.instant());
        try (EventWriter log = runLog.writer()) {
            log.send(topic, running.getLine(), running);
            log.flush();
        }
        return pause;
    }

    private static @Nullable LearnerState last(RunLog runLog) {
        try (EventReader log = runLog.reader(List.of(runLog.topics().learnerStates()))) {
            return log.pollToEnd().stream()
                    .map(record -> (LearnerState) record.event())
                    .filter(state -> state.getLine().equals(ModelKind.POLICY.id()))
                    .reduce((before, after) -> after)
                    .orElse(null);
        }
    }
}
