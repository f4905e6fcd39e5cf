package io.sppostream.verify.math.read;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds the answer of a response, as an {@link Extraction} says, and the answer in a reference. */
public final class AnswerExtractor {
    /** Longest answer that is parsed, in characters. */
    public static final int MAX_ANSWER = 2_000;

    /** Characters at the end of a text that are searched for an answer outside a box. */
    private static final int MAX_TAIL = 4_000;

    /** Characters at the end of a response that are searched for a box. */
    private static final int MAX_SEARCHED = 1_000_000;

    /** What opens a think block. */
    public static final String THINKING = "<think>";

    private static final String THINKING_END = "</think>";

    private static final Pattern ANSWER_LINE =
            Pattern.compile("(?i)\\banswer\\s{0,3}[*_]{0,3}\\s{0,3}(?::|is:)[*_]{0,3}([^\\n]*+)");

    private static final Pattern HASHES = Pattern.compile("####([^\\n]*+)");

    private static final Pattern NUMBER_AND_WORDS = Pattern.compile("(-?[0-9][0-9.,]*)([^0-9A-Za-z/^][^0-9]*+)?");

    private static final Pattern FINAL_ANSWER = Pattern.compile(
            "(?i)\\bfinal\\s{1,3}answer\\s{1,3}is:?([^\\n]*?)(?:[.,]?\\s{0,3}I\\s{1,3}hope\\s{1,3}(?:it|this)\\s{1,3}is\\s{1,3}correct|\\n|$)");

    private AnswerExtractor() {}

    /** The answer of a response after its thinking, or null if there is none. */
    public static @Nullable String fromResponse(String text, Extraction extraction) {
        return switch (extraction) {
            case MARKED, MARKED_OR_HASHES ->
                BoxedAnswer.isIn(text) ? BoxedAnswer.last(text) : announced(text, extraction);
            case NUMBER_AFTER_HASHES -> numberAfterHashes(text);
            case LAST_NUMBER -> LastNumber.in(text);
            case FINAL_ANSWER -> finalAnswer(text);
            case ANYWHERE -> anywhere(text);
        };
    }

    /** The rest of the line after the last {@code ####}, if that marks an answer, else after the last "Answer:"; or null. */
    public static @Nullable String announced(String text, Extraction extraction) {
        String tail = tail(text);
        String line = extraction == Extraction.MARKED_OR_HASHES ? lastMatch(HASHES, tail) : null;
        return line != null ? line : lastMatch(ANSWER_LINE, tail);
    }

    private static @Nullable String numberAfterHashes(String text) {
        String line = lastMatch(HASHES, tail(text));
        Matcher number = NUMBER_AND_WORDS.matcher(line == null ? "" : line);
        return number.matches() && (number.group(2) == null || !Statements.hedge(number.group(2)))
                ? number.group(1)
                : null;
    }

    private static @Nullable String finalAnswer(String text) {
        String answer = lastMatch(FINAL_ANSWER, tail(text));
        return answer != null && BoxedAnswer.isIn(answer) ? BoxedAnswer.last(answer) : answer;
    }

    private static @Nullable String anywhere(String text) {
        if (BoxedAnswer.isIn(text)) {
            return BoxedAnswer.last(text);
        }
        String announced = ProseAnswer.announced(text);
        if (announced != null) {
            return announced.isEmpty() ? null : announced;
        }
        return ProseAnswer.last(text);
    }

    /**
     * The answer in a reference, which may be a whole solution: the last box, or what follows the last {@code ####}. In a
     * solution in prose that has neither, what its "the answer is" announces, or the last expression of its last sentence
     * if that begins with "therefore" or a similar word. Otherwise the whole text.
     */
    public static String fromReference(String reference) {
        String boxed = fromBox(reference);
        if (boxed != null) {
            return boxed;
        }
        int marked = reference.lastIndexOf("####");
        if (marked >= 0) {
            return reference.substring(marked + 4);
        }
        if (!ProseAnswer.isProse(reference)) {
            return reference;
        }
        String announced = ProseAnswer.announced(reference);
        String answer = announced == null || announced.isEmpty() ? ProseAnswer.concluded(reference) : announced;
        return answer == null ? reference : answer;
    }

    /** The last closed box of a reference, or null. */
    public static @Nullable String fromBox(String reference) {
        return BoxedAnswer.isIn(reference) ? BoxedAnswer.last(reference) : null;
    }

    /**
     * The text after the last closed think block, at most its last million characters; null if a block is still open.
     *
     * @param opened whether the prompt has opened a think block, so that the response begins inside it
     */
    public static @Nullable String afterThinking(String response, boolean opened) {
        int closed = lastOf(response, THINKING_END);
        if (lastOf(response, THINKING) > closed || (opened && closed < 0)) {
            return null;
        }
        int start = closed < 0 ? 0 : closed + THINKING_END.length();
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
            last = unmarked(matcher.group(1));
        }
        return last == null || last.isEmpty() ? null : last;
    }

    /** A line or sentence without bold marks, surrounding blanks and the full stop. */
    static String unmarked(String line) {
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
