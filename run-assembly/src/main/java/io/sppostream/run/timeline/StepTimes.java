package io.sppostream.run.timeline;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * When a step of a model started, and when its parts were done.
 *
 * @param committed null if the ledger does not say: it is on the record of the next step, unless another process made
 *     that one
 */
record StepTimes(
        ModelKind kind,
        int step,
        Instant started,
        Instant updated,
        Instant published,
        @Nullable Instant committed) {

    /** When the step was done, as far as the ledger says. */
    Instant done() {
        return Objects.requireNonNullElse(committed, published);
    }

    /** The times of each step in a part of the ledger. */
    static List<StepTimes> of(Collection<TrainingStep> ledger) {
        return ledger.stream().map(step -> of(step, next(step, ledger))).toList();
    }

    private static @Nullable TrainingStep next(TrainingStep step, Collection<TrainingStep> ledger) {
        return ledger.stream()
                .filter(other -> other.getLine().equals(step.getLine()) && other.getStep() == step.getStep() + 1)
                .findFirst()
                .orElse(null);
    }

    private static StepTimes of(TrainingStep step, @Nullable TrainingStep next) {
        Instant published = after(step.getEndedAt(), step.getMetrics().getOrDefault("seconds_publishing", 0.0));
        Double committing = next == null ? null : next.getMetrics().get("seconds_committing");
        return new StepTimes(
                ModelKind.of(step.getLine()),
                step.getStep(),
                step.getStartedAt(),
                step.getEndedAt(),
                published,
                committing == null ? null : after(published, committing));
    }

    private static Instant after(Instant instant, double seconds) {
        return instant.plus(Duration.ofNanos(Math.round(seconds * 1e9)));
    }
}
