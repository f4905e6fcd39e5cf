package io.sppostream.verify.math.read;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the answer that a response marks: the last box or, if there is no box, the last answer line. There is at most one
 * candidate; a grader that accepted any of several would reward guessing.
 */
public final class AnswerExtractor {
    /** Longest answer that is parsed, in characters. */
    public static final int MAX_ANSWER = 2_000;

    /** Characters at the end of a text that are searched for an answer line or, in prose, for a formula. */
    private static final int MAX_TAIL = 4_000;

    /** Characters at the end of a response that are searched for a box. */
    private static final int MAX_SEARCHED = 1_000_000;

    private static final Pattern ANSWER_LINE =
            Pattern.compile("(?i)\\banswer\\s{0,3}[*_]{0,3}\\s{0,3}(?::|is:)[*_]{0,3}([^\\n]*+)");

    private static final Pattern HASHES = Pattern.compile("####([^\\n]*+)");

    private AnswerExtractor() {}

    /**
     * The answer that a response marks, or null.
     *
     * @param hashes whether {@code ####} marks an answer, as in GSM8K
     */
    public static @Nullable String fromResponse(String response, boolean hashes) {
        String text = afterThinking(response);
        if (text == null) {
            return null;
        }
        if (BoxedAnswer.isIn(text)) {
            return BoxedAnswer.last(text);
        }
        return announced(text, hashes);
    }

    /** The last box of a response or, if it has no box, its last number; null if there is neither. */
    public static @Nullable String boxOrLastNumber(String response) {
        String text = afterThinking(response);
        if (text == null) {
            return null;
        }
        return BoxedAnswer.isIn(text) ? BoxedAnswer.last(text) : ProseAnswer.lastNumber(text);
    }

    /**
     * The answer in a reference, which may be a whole solution: the last box, or what follows the last {@code ####}, or
     * the whole text.
     *
     * @param hashes whether {@code ####} marks an answer, as in GSM8K
     */
    public static String fromReference(String reference, boolean hashes) {
        if (BoxedAnswer.isIn(reference)) {
            String boxed = BoxedAnswer.last(reference);
            return boxed == null ? reference : boxed;
        }
        int marked = hashes ? reference.lastIndexOf("####") : -1;
        return marked < 0 ? reference : reference.substring(marked + 4);
    }

    /** The rest of the line after the last {@code ####}, if that marks an answer, else after the last "Answer:"; or null. */
    public static @Nullable String announced(String text, boolean hashes) {
        String tail = tail(text);
        String line = hashes ? lastMatch(HASHES, tail) : null;
        return line != null ? line : lastMatch(ANSWER_LINE, tail);
    }

    /** The text after the last closed think block, at most its last million characters; null if a block is still open. */
    public static @Nullable String afterThinking(String response) {
        int closed = lastOf(response, "</think>");
        int opened = lastOf(response, "<think>");
        if (opened > closed) {
            return null;
        }
        int start = closed < 0 ? 0 : closed + "</think>".length();
        return response.substring(Math.max(start, response.length() - MAX_SEARCHED));
    }

    /** As {@link String#lastIndexOf}, which is many times slower in the JVM than searching forwards. */
    private static int lastOf(String text, String tag) {
        int last = -1;
        for (int at = text.indexOf(tag); at >= 0; at = text.indexOf(tag, at + tag.length())) {
            last = at;
        }
        return last;
    }

    static String tail(String text) {
        return text.length() <= MAX_TAIL ? text : text.substring(text.length() - MAX_TAIL);
    }

    private static @Nullable String lastMatch(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        String last = null;
        while (matcher.find()) {
            last = trimmed(matcher.group(1));
        }
        return last == null || last.isEmpty() ? null : last;
    }

    /** An answer line without bold marks, surrounding blanks and the full stop. */
    private static String trimmed(String line) {
        String answer = line.strip();
        int start = 0;
        int end = answer.length();
        while (start < end && "*_ ".indexOf(answer.charAt(start)) >= 0) {
            start++;
        }
        while (end > start && "*_. ".indexOf(answer.charAt(end - 1)) >= 0) {
            end--;
        }
        return answer.substring(start, end);
    }
}
