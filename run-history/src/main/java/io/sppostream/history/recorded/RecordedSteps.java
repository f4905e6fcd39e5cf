package io.sppostream.history.recorded;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.LogCursor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Iterates over the recorded steps of the policy or the critic, and collects their hashes and their time span. */
public final class RecordedSteps implements Iterator<TrainingStep>, AutoCloseable {
    private final LogCursor<TrainingStep> ledger;
    private final ModelKind kind;
    private final List<String> hashes = new ArrayList<>();
    private @Nullable TrainingStep next;
    private @Nullable Instant firstStart;
    private @Nullable Instant lastEnd;

    public RecordedSteps(LogCursor<TrainingStep> ledger, ModelKind kind) {
        this.ledger = ledger;
        this.kind = kind;
    }

    @Override
    public boolean hasNext() {
        while (next == null && ledger.hasNext()) {
            TrainingStep step = ledger.next().event();
            if (step.getLine().equals(kind.id())) {
                next = step;
            }
        }
        return next != null;
    }

    @Override
    public TrainingStep next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        TrainingStep step = next;
        next = null;
        hashes.add(step.getToSha256());
        firstStart = firstStart == null ? step.getStartedAt() : firstStart;
        lastEnd = step.getEndedAt();
        return step;
    }

    /** SHA-256 of the weights of each step so far. */
    public List<String> hashes() {
        return hashes;
    }

    /** Seconds from the start of the first step to the end of the last one so far. */
    public double seconds() {
        return firstStart == null || lastEnd == null
                ? 0
                : Duration.between(firstStart, lastEnd).toNanos() / 1e9;
    }

    @Override
    public void close() {
        ledger.close();
    }
}
