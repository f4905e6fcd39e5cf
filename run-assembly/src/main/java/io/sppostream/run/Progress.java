package io.sppostream.run;

import io.sppostream.events.HeldOutAccuracy;
import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How far a run has come, by its log.
 *
 * @param steps steps that policy and critic, if there is one, have committed
 * @param evaluated the evaluations, oldest first
 * @param firstRelease when the first prompt was released; empty if none has been
 */
record Progress(int steps, List<HeldOutAccuracy> evaluated, Optional<Instant> firstRelease) {
    private static final Duration FIRST_PROMPT_WAIT = Duration.ofSeconds(5);

    /** @param hasCritic whether the run trains a critic */
    static Progress of(RunLog runLog, boolean hasCritic) {
        Set<ModelKind> trained = hasCritic ? EnumSet.allOf(ModelKind.class) : EnumSet.of(ModelKind.POLICY);
        try (EventReader log = runLog.without(Set.of("TrainingStep.samples"))
                .reader(List.of(
                        runLog.topics().trainingSteps(),
                        runLog.topics().evaluations(),
                        runLog.topics().prompts()))) {
            int steps = steps(
                    trained,
                    log.last(
                            runLog.topics().trainingSteps(),
                            0,
                            log.end(runLog.topics().trainingSteps(), 0),
                            events -> steps(trained, events) > 0));
            List<HeldOutAccuracy> evaluated = log
                    .last(
                            runLog.topics().evaluations(),
                            0,
                            log.end(runLog.topics().evaluations(), 0),
                            events -> false)
                    .stream()
                    .map(record -> (HeldOutAccuracy) record.event())
                    .toList();
            return new Progress(
                    steps, evaluated, log.end(runLog.topics().prompts()) == 0 ? Optional.empty() : firstRelease(log));
        }
    }

    private static int steps(Set<ModelKind> trained, List<EventRecord<?>> ledger) {
        return trained.stream()
                .mapToInt(kind -> ledger.stream()
                        .map(record -> (TrainingStep) record.event())
                        .filter(step -> step.getLine().equals(kind.id()))
                        .mapToInt(TrainingStep::getStep)
                        .max()
                        .orElse(0))
                .min()
                .orElse(0);
    }

    private static Optional<Instant> firstRelease(EventReader log) {
        return log.poll(FIRST_PROMPT_WAIT).stream()
                .map(EventRecord::event)
                .filter(Prompt.class::isInstance)
                .map(prompt -> ((Prompt) prompt).getReleasedAt())
                .min(Comparator.naturalOrder());
    }

    /** Whether a version of that step or a later one is evaluated. */
    boolean hasEvaluated(int step) {
        return evaluated.stream().anyMatch(point -> point.getStep() >= step);
    }
}
