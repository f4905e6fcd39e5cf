package io.sppostream.events.catalogue;

import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Ids of rollouts: {@code <requestId>/<sampleIndex>}, with samples counted from 0. A rollout of a follow-up has the id
 * {@code <followUpId>/<sampleIndex>}, where the id of a follow-up is {@code <requestId>~<hash>} with a hash of 16
 * lower-case hexadecimal digits. Request ids may contain slashes.
 */
public final class RolloutIds {
    private static final char SEPARATOR = '/';
    private static final char FOLLOW_UP = '~';
    private static final int HASH_DIGITS = 16;
    private static final Pattern INDEX = Pattern.compile("0|[1-9][0-9]{0,8}");

    private RolloutIds() {}

    /** The id of the rollout with that index among those of a request, or of a follow-up. */
    public static String of(String requestId, int sampleIndex) {
        return requestId + SEPARATOR + sampleIndex;
    }

    /**
     * The request that a rollout or a follow-up belongs to, which is the id of its group. The id of a request is returned
     * unchanged if it has no separator.
     */
    public static String requestId(String id) {
        String asked = isFollowUp(id) ? id : withoutIndex(id);
        return isFollowUp(asked) ? asked.substring(0, asked.length() - HASH_DIGITS - 1) : asked;
    }

    /** The follow-up that a rollout answers; null if it is a first sample of its request. */
    public static @Nullable String followUpId(String rolloutId) {
        String asked = withoutIndex(rolloutId);
        return isFollowUp(asked) ? asked : null;
    }

    private static String withoutIndex(String id) {
        int separator = id.lastIndexOf(SEPARATOR);
        return separator < 0 ? id : id.substring(0, separator);
    }

    /** Whether an id has the form of a follow-up's, so that it cannot be that of a request. */
    public static boolean isFollowUp(String id) {
        return hasHashAt(id, id.length() - HASH_DIGITS - 1);
    }

    /** Whether an id is that of a follow-up of the request. */
    public static boolean isFollowUpOf(String id, String requestId) {
        return id.length() == requestId.length() + 1 + HASH_DIGITS
                && id.startsWith(requestId)
                && hasHashAt(id, requestId.length());
    }

    private static boolean hasHashAt(String id, int start) {
        if (start < 0 || id.length() < start + 1 + HASH_DIGITS || id.charAt(start) != FOLLOW_UP) {
            return false;
        }
        for (int i = start + 1; i <= start + HASH_DIGITS; i++) {
            char digit = id.charAt(i);
            if (!(digit >= '0' && digit <= '9') && !(digit >= 'a' && digit <= 'f')) {
                return false;
            }
        }
        return true;
    }

    /** The index of a rollout among those of its request or follow-up; empty if the id has none. */
    public static Optional<Integer> sampleIndex(String rolloutId) {
        String index = rolloutId.substring(rolloutId.lastIndexOf(SEPARATOR) + 1);
        return rolloutId.indexOf(SEPARATOR) >= 0 && INDEX.matcher(index).matches()
                ? Optional.of(Integer.valueOf(index))
                : Optional.empty();
    }

    /** Whether an id is that of a rollout of the request, or of a follow-up of it. */
    public static boolean belongsTo(String rolloutId, String requestId) {
        int end = requestId.length();
        if (!rolloutId.startsWith(requestId)) {
            return false;
        }
        if (hasHashAt(rolloutId, end)) {
            end += 1 + HASH_DIGITS;
        }
        return rolloutId.length() > end && rolloutId.charAt(end) == SEPARATOR;
    }
}
