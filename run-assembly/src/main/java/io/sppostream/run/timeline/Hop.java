package io.sppostream.run.timeline;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A stage that samples of a step passed through, or a step that they waited for.
 *
 * @param name as shown
 * @param span when its records were made
 * @param cause the hop that this one waited for last; null if nothing before it is known
 */
record Hop(Stage stage, String name, Span span, @Nullable Hop cause) {

    /** When the hop was through. */
    Instant end() {
        return span.last();
    }

    /** When its time began to count: at the end of its cause, or with its first record if it has none. */
    Instant start() {
        return cause == null ? span.first() : earlier(cause.end(), end());
    }

    /** The instant between {@link #start} and {@link #end} at which its work began. */
    Instant begin() {
        if (stage.begin == Stage.Begin.UNKNOWN) {
            return start();
        }
        return later(start(), earlier(span.first(), end()));
    }

    /** The time without a record of the hop after its cause: transactions, fetches, queues. */
    Duration waiting() {
        return Duration.between(start(), begin());
    }

    /** The time that its work took after its cause; what overlaps with the cause does not count. */
    Duration working() {
        return Duration.between(begin(), end());
    }

    static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    static Instant later(Instant a, Instant b) {
        return a.isBefore(b) ? b : a;
    }
}
