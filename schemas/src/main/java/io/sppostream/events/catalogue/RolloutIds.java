package io.sppostream.events.catalogue;

import java.util.Optional;
import java.util.regex.Pattern;

/** Ids of rollouts: {@code <requestId>/<sampleIndex>}, with samples counted from 0. Request ids may contain slashes. */
public final class RolloutIds {
    private static final char SEPARATOR = '/';
    private static final Pattern INDEX = Pattern.compile("0|[1-9][0-9]{0,8}");

    private RolloutIds() {}

    /** The id of the rollout with that index among a request's rollouts. */
    public static String of(String requestId, int sampleIndex) {
        return requestId + SEPARATOR + sampleIndex;
    }

    /** The request of a rollout. An id without a separator is a request's already and is returned unchanged. */
    public static String requestId(String id) {
        int separator = id.lastIndexOf(SEPARATOR);
        return separator < 0 ? id : id.substring(0, separator);
    }

    /** The index of a rollout among those of its request; empty if the id has none. */
    public static Optional<Integer> sampleIndex(String rolloutId) {
        String index = rolloutId.substring(rolloutId.lastIndexOf(SEPARATOR) + 1);
        return rolloutId.indexOf(SEPARATOR) >= 0 && INDEX.matcher(index).matches()
                ? Optional.of(Integer.valueOf(index))
                : Optional.empty();
    }

    /** Whether an id is that of a rollout of the request. */
    public static boolean belongsTo(String rolloutId, String requestId) {
        return rolloutId.length() > requestId.length()
                && rolloutId.startsWith(requestId)
                && rolloutId.charAt(requestId.length()) == SEPARATOR;
    }
}
