package io.sppostream.verify.math.read;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The answer in a prediction that is prose: its last formula or number. In a response the last number is an answer only
 * if the grading profile says so, because nothing marks it as one.
 */
public final class ProseAnswer {
    private static final Pattern MATH_SPAN = Pattern.compile(
            "\\$\\$((?:[^$\\\\]|\\\\.)++)\\$\\$|\\$((?:[^$\\\\]|\\\\.)++)\\$|\\\\\\((.*?)\\\\\\)|\\\\\\[(.*?)\\\\\\]",
            Pattern.DOTALL);

    private static final Pattern PLAIN_NUMBER = Pattern.compile(
            "(?<![\\w.,/^{\\\\])-?\\$?(?:\\d{1,3}(?:(?:,|\\{,\\}|,\\\\!)\\d{3})+|\\d++)(?:\\.\\d++)?(?:/\\d++)?(?:\\s?\\\\?%)?(?![\\d])");

    private static final Pattern HEDGE =
            Pattern.compile("(?i)\\b(?:or|either|neither|maybe|perhaps|possibly|probably|unsure|unknown)\\b");

    private static final Pattern WORDS_IN_A_ROW =
            Pattern.compile("(?<![\\\\A-Za-z])([A-Za-z]{2,})\\s+([A-Za-z]{2,})(?![A-Za-z])");
    private static final Pattern WORD_BESIDE_MATH =
            Pattern.compile("(?<![\\\\A-Za-z])([A-Za-z]{3,})[^A-Za-z$\\\\]*(?:\\$|\\\\[(\\[])");
    private static final Pattern TEXT_COMMAND =
            Pattern.compile("\\\\(?:text|textnormal|textbf|mathrm|mbox)\\s*\\{[^{}]*+\\}");
    private static final Pattern CONJUNCTION = Pattern.compile("(?i)and|or|percent|pct|percentage");

    private ProseAnswer() {}

    /** Whether a text is prose rather than an answer: it has two words in a row, or a word before a formula. */
    public static boolean isProse(String text) {
        if (text.length() > AnswerExtractor.MAX_ANSWER) {
            return true;
        }
        // Words in a text command belong to the answer. The parser decides which it accepts.
        String outside = TEXT_COMMAND.matcher(text).replaceAll(" ");
        Matcher rows = WORDS_IN_A_ROW.matcher(outside);
        for (int from = 0; rows.find(from); from = rows.end(1)) {
            if (!isAnswerWord(rows.group(1)) && !isAnswerWord(rows.group(2))) {
                return true;
            }
        }
        Matcher beside = WORD_BESIDE_MATH.matcher(outside);
        while (beside.find()) {
            if (!isAnswerWord(beside.group(1))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAnswerWord(String word) {
        return CONJUNCTION.matcher(word).matches() || UnitWords.isBareUnit(word);
    }

    /** The last formula or number of a prediction, or null if there is none or its sentence hedges. */
    public static @Nullable String last(String prediction) {
        String searched = AnswerExtractor.tail(prediction);
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

    /** The last number of a text, or null if there is none. */
    static @Nullable String lastNumber(String text) {
        Matcher numbers = PLAIN_NUMBER.matcher(AnswerExtractor.tail(text));
        String last = null;
        while (numbers.find()) {
            last = numbers.group();
        }
        return last;
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
}
