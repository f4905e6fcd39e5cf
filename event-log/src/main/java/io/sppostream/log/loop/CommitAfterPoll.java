package io.sppostream.log.loop;

import java.time.Duration;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Commits what a processor has forwarded as soon as all polled records are processed and the topics hold no more.
 * Records arrive in batches, one transaction of the upstream role each, and an optimizer step waits for the last of them.
 * Commits at a fixed interval would cut a batch into several transactions, each of which costs the broker as much as a
 * thousand records, and would come late for the last one. For one stream thread.
 */
public final class CommitAfterPoll {
    /** Least time between two commits, in milliseconds, so that records that trickle in share a transaction. */
    private static final long LEAST_INTERVAL_MS = 10;

    /** Longest that a record waits for its commit while the topics hold more, in milliseconds. */
    private static final long LONGEST_WAIT_MS = 300;

    /** How often to look for records that were forwarded too soon after the last commit. */
    private static final Duration TICK = Duration.ofMillis(5);

    private static final long NEVER = Long.MAX_VALUE;

    private final ProcessorContext<?, ?> context;
    private final PolledRecords polled;
    private long committedAt;

    /** When the first record was forwarded that is not committed; {@link #NEVER} if there is none. */
    private long forwardedAt = NEVER;

    /** @param context that of the processor's {@code init} */
    public CommitAfterPoll(ProcessorContext<?, ?> context) {
        this(context, PolledRecords.ofThread());
    }

    CommitAfterPoll(ProcessorContext<?, ?> context, PolledRecords polled) {
        this.context = context;
        this.polled = polled;
        context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::commitIfDone);
    }

    /** Must be called when the processor has forwarded a record that others wait for. */
    public void forwarded() {
        forwardedAt = Math.min(forwardedAt, context.currentSystemTimeMs());
    }

    /** Must be called at the end of each input record. */
    public void processed() {
        polled.processed();
        commitIfDone(context.currentSystemTimeMs());
    }

    private void commitIfDone(long now) {
        boolean due =
                polled.areProcessed() ? now - committedAt >= LEAST_INTERVAL_MS : now - LONGEST_WAIT_MS >= forwardedAt;
        if (forwardedAt != NEVER && due) {
            context.commit();
            forwardedAt = NEVER;
            committedAt = now;
        }
    }
}
