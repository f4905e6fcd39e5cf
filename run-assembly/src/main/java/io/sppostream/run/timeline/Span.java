package io.sppostream.run.timeline;

import java.time.Instant;
import java.util.List;

/**
 * When the records of one kind were made.
 *
 * @param records how many there are
 * @param median the later of the two in the middle if their number is even
 */
record Span(int records, Instant first, Instant median, Instant last) {

    /** The span of some records, at least one. */
    static Span of(List<Instant> times) {
        List<Instant> sorted = times.stream().sorted().toList();
        return new Span(sorted.size(), sorted.get(0), sorted.get(sorted.size() / 2), sorted.get(sorted.size() - 1));
    }

    /** The span of a single record. */
    static Span at(Instant time) {
        return new Span(1, time, time, time);
    }
}
