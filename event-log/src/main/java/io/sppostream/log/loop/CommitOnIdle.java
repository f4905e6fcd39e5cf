package io.sppostream.log.loop;

import java.time.Duration;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Commits what a processor has passed on as soon as no more follows. Records travel in waves, a transaction of the role
 * before at a time, and a step waits for the last of them: a commit by the clock alone would cut a wave into several
 * transactions, each of which costs the broker as much as a thousand records, and end it too late.
 */
public final class CommitOnIdle {
    private static final Duration LULL = Duration.ofMillis(5);

    private boolean passedOn;
    private boolean lull;

    /** For one task; the context is that of its processor's {@code init}. */
    public CommitOnIdle(ProcessorContext<?, ?> context) {
        context.schedule(LULL, PunctuationType.WALL_CLOCK_TIME, now -> {
            if (passedOn && lull) {
                context.commit();
                passedOn = false;
            }
            lull = true;
        });
    }

    /** Something was passed on that others wait for. */
    public void passedOn() {
        passedOn = true;
        lull = false;
    }
}
