package io.sppostream.log.loop;

import java.time.Duration;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Commits the records that a processor has forwarded as soon as its input pauses. Records arrive in batches, one
 * transaction of the upstream role each, and an optimizer step waits for the last of them. Commits at a fixed interval
 * would cut a batch into several transactions, each of which costs the broker as much as a thousand records, and would
 * come late for the last one. Not thread-safe: used by the stream thread of its task.
 */
public final class CommitOnIdle {
    /** Input has paused when nothing was forwarded for this long. */
    private static final Duration LULL = Duration.ofMillis(5);

    private boolean forwarded;
    private boolean idle;

    /** @param context that of the processor's {@code init} */
    public CommitOnIdle(ProcessorContext<?, ?> context) {
        context.schedule(LULL, PunctuationType.WALL_CLOCK_TIME, now -> {
            if (forwarded && idle) {
                context.commit();
                forwarded = false;
            }
            idle = true;
        });
    }

    /** Must be called after the processor has forwarded a record that others wait for. */
    public void forwarded() {
        forwarded = true;
        idle = false;
    }
}
