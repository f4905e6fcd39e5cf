package io.sppostream.events.catalogue;

/** Ids of rollouts: {@code requestId/sampleIndex}, with samples counted from 0. */
public final class RolloutIds {
    private static final char SEPARATOR = '/';

    private RolloutIds() {}

    /** The id of one of a request's rollouts. */
    public static String of(String requestId, int sampleIndex) {
        return requestId + SEPARATOR + sampleIndex;
    }

    /** Whether an id is that of one of the request's rollouts. */
    public static boolean belongsTo(String rolloutId, String requestId) {
        return rolloutId.length() > requestId.length()
                && rolloutId.startsWith(requestId)
                && rolloutId.charAt(requestId.length()) == SEPARATOR;
    }
}
