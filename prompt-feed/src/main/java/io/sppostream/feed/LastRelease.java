package io.sppostream.feed;

import java.util.List;
import java.util.NavigableSet;
import java.util.stream.LongStream;

/**
 * Where an earlier feed ended. It may have been killed while some partitions had acknowledged their prompts of its last
 * release and others not.
 *
 * @param released prompts released, those that are missing included
 * @param missing the indices of those that have to be released still, in order
 */
record LastRelease(long released, List<Long> missing) {

    /**
     * What the last prompts of all partitions tell: whatever was released before the last release is all there.
     *
     * @param last indices of at least the last {@code mostUnderWay} prompts
     * @param mostUnderWay prompts that the largest release has
     */
    static LastRelease of(NavigableSet<Long> last, long mostUnderWay) {
        long released = last.isEmpty() ? 0 : last.last() + 1;
        return new LastRelease(
                released,
                LongStream.range(Math.max(0, released - mostUnderWay), released)
                        .filter(index -> !last.contains(index))
                        .boxed()
                        .toList());
    }
}
