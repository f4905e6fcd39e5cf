package io.sppostream.verify.math.read;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The answer in a box: {@code \boxed{...}} or {@code \fbox{...}}. */
public final class BoxedAnswer {
    private static final int MAX_BOXES = 50;

    /** Text between two boxes of one answer: punctuation, "and", "or", a label such as "y =". */
    private static final Pattern SEPARATOR = Pattern.compile(
            "(?:\\s|[,;:.&$~]|\\\\[,;:! ()\\[\\]]|\\\\\\\\|\\\\q?quad|\\band\\b|\\bor\\b|\\\\(?:text|mathrm)\\s*\\{\\s*,?\\s*(?:and|or)\\s*,?\\s*\\}"
                    // A ruled line between alternatives.
                    + "|([-+*_~=])\\1{2,}"
                    + "|[A-Za-z](?:_\\{?\\w{1,3}\\}?)?\\s*=(?!=))*+");

    private static final Pattern PERCENT_AFTER = Pattern.compile(
            "(?:\\s|\\$|~|\\\\[,;! )\\]])*+(?:\\\\?%|\\\\(?:text|mathrm)\\s*\\{\\s*(?:percent|pct)|percent|pct)");

    private BoxedAnswer() {}

    /** Whether a text has a box. */
    public static boolean isIn(String text) {
        return lastBox(text, text.length()) >= 0;
    }

    /**
     * The content of the last box. Boxes before it with only separators between are parts of the same answer, joined by
     * commas.
     *
     * @return the content; null if there is no box or the last one is not closed
     */
    public static @Nullable String last(String text) {
        Deque<String> contents = new ArrayDeque<>();
        int nextBox = -1;
        int searchFrom = text.length();
        for (int boxes = 0; boxes < MAX_BOXES; boxes++) {
            int box = lastBox(text, searchFrom);
            if (box < 0) {
                break;
            }
            int open = text.indexOf('{', box);
            int close = Braces.closing(text, open);
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

    /** Index of the last box before index {@code before}, or -1. */
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
                // In a text that was escaped twice the command has two backslashes.
                return start > 1 && text.charAt(start - 2) == '\\' ? start - 2 : start - 1;
            }
        }
        return -1;
    }
}
