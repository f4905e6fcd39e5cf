package io.sppostream.feed;

import java.util.OptionalLong;

/** Ids of a feed's requests: the index, counted from 0 and padded with zeros, so that ids sort in release order. */
final class RequestIds {
    private static final int DIGITS = 10;
    private static final int MAX_DIGITS = 18;

    private RequestIds() {}

    /** The id of the request with an index. */
    static String of(long index) {
        String digits = Long.toString(index);
        return "0".repeat(Math.max(0, DIGITS - digits.length())) + digits;
    }

    /** The index of a request; empty if its id is not a feed's. */
    static OptionalLong index(String requestId) {
        boolean digits = !requestId.isEmpty()
                && requestId.length() <= MAX_DIGITS
                && requestId.chars().allMatch(each -> each >= '0' && each <= '9');
        return digits && of(Long.parseLong(requestId)).equals(requestId)
                ? OptionalLong.of(Long.parseLong(requestId))
                : OptionalLong.empty();
    }
}
