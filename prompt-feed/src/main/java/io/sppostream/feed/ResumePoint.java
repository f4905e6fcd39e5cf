package io.sppostream.feed;

import java.util.List;
import java.util.NavigableSet;
import java.util.stream.LongStream;

/**
 * Where a feed resumes after a restart. The previous feed may have been killed when only some partitions had acknowledged
 * the prompts of its last release.
 *
 * @param released number of released prompts, missing ones included
 * @param missing ascending indices of prompts of the last release that are not on the log
 */
record ResumePoint(long released, List<Long> missing) {

    /**
     * Finds the resume point from the last prompts of all partitions. Only prompts of the last release can be missing.
     *
     * @param last indices of at least the last {@code maxInFlight} prompts
     * @param maxInFlight prompts in the largest possible release
     */
    static ResumePoint of(NavigableSet<Long> last, long maxInFlight) {
        long released = last.isEmpty() ? 0 : last.last() + 1;
        return new ResumePoint(
                released,
                LongStream.range(Math.max(0, released - maxInFlight), released)
                        .filter(index -> !last.contains(index))
                        .boxed()
                        .toList());
    }
}
