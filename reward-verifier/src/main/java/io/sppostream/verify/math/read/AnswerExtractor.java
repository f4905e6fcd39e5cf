package io.sppostream.verify.math.read;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the one candidate answer of a response. Never any-of: where there are several, the last one counts, and where a
 * box exists nothing else is tried.
 */
public final class AnswerExtractor {
    /** An answer longer than this is not read. */
    public static final int MAX_ANSWER = 2_000;

    /** How much of the end of a response without a box is searched for an answer line or a last number. */
    private static final int MAX_TAIL = 4_000;

    /** How much of the end of a response is searched at all. */
    private static final int MAX_SEARCHED = 1_000_000;

    private static final int MAX_BOXES = 50;

    /** What may stand between two boxes that together are one answer: punctuation, "and", a label such as "y =". */
    private static final Pattern SEPARATOR = Pattern.compile(
            "(?:\\s|[,;:.&$~]|\\\\[,;:! ()\\[\\]]|\\\\\\\\|\\\\q?quad|\\band\\b|\\bor\\b|\\\\(?:text|mathrm)\\s*\\{\\s*,?\\s*(?:and|or)\\s*,?\\s*\\}"
                    // A ruling line, as people draw one between alternatives.
                    + "|([-+*_~=])\\1{2,}"
                    + "|[A-Za-z](?:_\\{?\\w{1,3}\\}?)?\\s*=(?!=))*+");

    private static final Pattern PERCENT_AFTER = Pattern.compile(
            "(?:\\s|\\$|~|\\\\[,;! )\\]])*+(?:\\\\?%|\\\\(?:text|mathrm)\\s*\\{\\s*(?:percent|pct)|percent|pct)");

    private static final Pattern ANSWER_LINE =
            Pattern.compile("(?i)\\banswer\\s{0,3}[*_]{0,3}\\s{0,3}(?::|is:)[*_]{0,3}([^\\n]*+)");

    private static final Pattern HASHES = Pattern.compile("####([^\\n]*+)");

    private static final Pattern MATH_SPAN = Pattern.compile(
            "\\$\\$((?:[^$\\\\]|\\\\.)++)\\$\\$|\\$((?:[^$\\\\]|\\\\.)++)\\$|\\\\\\((.*?)\\\\\\)|\\\\\\[(.*?)\\\\\\]",
            Pattern.DOTALL);

    private static final Pattern PLAIN_NUMBER = Pattern.compile(
            "(?<![\\w.,/^{\\\\])-?\\$?(?:\\d{1,3}(?:(?:,|\\{,\\}|,\\\\!)\\d{3})+|\\d++)(?:\\.\\d++)?(?:/\\d++)?(?:\\s?\\\\?%)?(?![\\d])");

    private static final Pattern HEDGE =
            Pattern.compile("(?i)\\b(?:or|either|neither|maybe|perhaps|possibly|probably|unsure|unknown)\\b");

    private AnswerExtractor() {}

    /**
     * What a response offers as its answer, or null.
     *
     * @param hashes whether {@code ####} announces an answer, as it does in GSM8K
     */
    public static @Nullable String fromResponse(String response, boolean hashes) {
        String text = afterThinking(response);
        if (text == null) {
            return null;
        }
        if (lastBox(text, text.length()) >= 0) {
            return boxed(text);
        }
        return announced(text, hashes);
    }

    /** What follows the last {@code ####}, where that announces an answer, or else the last "Answer:"; or null. */
    public static @Nullable String announced(String text, boolean hashes) {
        String tail = tail(text);
        String line = hashes ? lastMatch(HASHES, tail) : null;
        return line != null ? line : lastMatch(ANSWER_LINE, tail);
    }

    /**
     * What a prediction, which is an answer already or a text that ends in one, comes down to; null where it is neither.
     * Unlike a response it may end in prose: the last formula or number of its last sentence that has one, unless that
     * sentence hedges.
     */
    public static @Nullable String fromProse(String prediction) {
        String searched = tail(prediction);
        int end = -1;
        int start = -1;
        String found = null;
        Matcher spans = MATH_SPAN.matcher(searched);
        while (spans.find()) {
            for (int group = 1; group <= 4; group++) {
                if (spans.group(group) != null) {
                    found = spans.group(group).strip();
                }
            }
            start = spans.start();
            end = spans.end();
        }
        Matcher numbers = PLAIN_NUMBER.matcher(searched);
        for (int from = Math.max(end, 0); numbers.find(from); from = numbers.end()) {
            found = numbers.group();
            start = numbers.start();
            end = numbers.end();
        }
        return found == null || hedged(searched, start, end) ? null : found;
    }

    private static boolean hedged(String text, int start, int end) {
        int from = start;
        while (from > 0 && !sentenceEnds(text, from - 1)) {
            from--;
        }
        int to = end;
        while (to < text.length() && !sentenceEnds(text, to)) {
            to++;
        }
        return HEDGE.matcher(text.substring(from, to)).find();
    }

    private static boolean sentenceEnds(String text, int at) {
        char c = text.charAt(at);
        return c == '\n'
                || ((c == '.' || c == '!' || c == '?')
                        && (at + 1 == text.length() || Character.isWhitespace(text.charAt(at + 1))));
    }

    /** The text after the last closed think block, or null where one is still open. */
    public static @Nullable String afterThinking(String response) {
        int closed = lastOf(response, "</think>");
        int opened = lastOf(response, "<think>");
        if (opened > closed) {
            return null;
        }
        int start = closed < 0 ? 0 : closed + "</think>".length();
        return response.substring(Math.max(start, response.length() - MAX_SEARCHED));
    }

    /** As {@link String#lastIndexOf}, but forwards: searching forwards is many times faster in the JVM. */
    private static int lastOf(String text, String tag) {
        int last = -1;
        for (int at = text.indexOf(tag); at >= 0; at = text.indexOf(tag, at + tag.length())) {
            last = at;
        }
        return last;
    }

    public static boolean hasBox(String text) {
        return lastBox(text, text.length()) >= 0;
    }

    /** The content of the last box, joined by commas with those before it that only separators part from it. */
    public static @Nullable String boxed(String text) {
        Deque<String> contents = new ArrayDeque<>();
        int nextBox = -1;
        int searchFrom = text.length();
        for (int boxes = 0; boxes < MAX_BOXES; boxes++) {
            int box = lastBox(text, searchFrom);
            if (box < 0) {
                break;
            }
            int open = text.indexOf('{', box);
            int close = closingBrace(text, open);
            if (close < 0) {
                if (nextBox < 0) {
                    return null;
                }
                break;
            }
            if (nextBox >= 0 && (close > nextBox || !separates(text, close + 1, nextBox))) {
                break;
            }
            String content = text.substring(open + 1, close).strip();
            if (PERCENT_AFTER.matcher(text).region(close + 1, text.length()).lookingAt() && !content.endsWith("%")) {
                content += "\\%";
            }
            if (!contents.contains(content)) {
                contents.addFirst(content);
            }
            nextBox = box;
            searchFrom = box;
        }
        return contents.isEmpty() ? null : String.join(", ", contents);
    }

    private static boolean separates(String text, int from, int to) {
        return to - from <= 200 && SEPARATOR.matcher(text).region(from, to).matches();
    }

    /** Where the last box that begins before {@code before} begins, or -1. */
    private static int lastBox(String text, int before) {
        int at = before;
        while (at > 0) {
            at = text.lastIndexOf("box", at - 1);
            if (at < 0) {
                return -1;
            }
            int start = at;
            int end = at + 3;
            if (text.startsWith("boxed", at)) {
                end = at + 5;
            } else if (text.startsWith("fbox", at - 1)) {
                start = at - 1;
            } else {
                continue;
            }
            while (end < text.length() && text.charAt(end) == ' ') {
                end++;
            }
            if (start > 0 && text.charAt(start - 1) == '\\' && end < text.length() && text.charAt(end) == '{') {
                // A text escaped once too often has two backslashes here.
                return start > 1 && text.charAt(start - 2) == '\\' ? start - 2 : start - 1;
            }
        }
        return -1;
    }

    /** The brace that closes the one at {@code open}, escaped braces not counted, or -1. */
    static int closingBrace(String text, int open) {
        int depth = 0;
        int limit = (int) Math.min(text.length(), (long) open + 4L * MAX_ANSWER);
        for (int i = open; i < limit; i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '{') {
                depth++;
            } else if (c == '}') {
                depth--;
                if (depth == 0) {
                    return i;
                }
            }
        }
        return -1;
    }

    private static String tail(String text) {
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

    /** An answer line without its bold marks, currency dollar and full stop. */
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
