package io.sppostream.feed;

import java.util.OptionalLong;

/** The ids of a feed's requests: the index, counting from 0, in digits that sort in the order of release. */
final class RequestIds {
    private static final int DIGITS = 10;
    private static final int MOST_DIGITS = 18;

    private RequestIds() {}

    static String of(long index) {
        String digits = Long.toString(index);
        return "0".repeat(Math.max(0, DIGITS - digits.length())) + digits;
    }

    /** The index of a feed's request; empty where it is not a feed's. */
    static OptionalLong index(String requestId) {
        boolean digits = !requestId.isEmpty()
                && requestId.length() <= MOST_DIGITS
                && requestId.chars().allMatch(each -> each >= '0' && each <= '9');
        return digits && of(Long.parseLong(requestId)).equals(requestId)
                ? OptionalLong.of(Long.parseLong(requestId))
                : OptionalLong.empty();
    }
}
