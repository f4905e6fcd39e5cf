package io.sppostream.verify.math.read;

import io.sppostream.verify.math.read.ProseExpressions.Found;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The answer in prose: the expression that a sentence announces, or the last one. An expression that its sentence hedges,
 * denies or rounds is no answer.
 */
public final class ProseAnswer {
    private static final Pattern HEDGE =
            Pattern.compile("(?i)\\b(?:or|either|neither|maybe|perhaps|possibly|probably|unsure|unknown)\\b");

    /** Words right before an expression that deny, bound or round it. */
    private static final Pattern QUALIFIED =
            Pattern.compile("(?i)(?:\\b(?:not|never|cannot|isn't|aren't|wasn't|can't)(?:\\s++[a-z]++){0,2}"
                    + "|\\b(?:about|around|approximately|approx\\.?|roughly|nearly|almost|over|under|than"
                    + "|at\\s+least|at\\s+most|up\\s+to|except|instead\\s+of)"
                    + "(?:\\s++equal\\s++to)?)\\s*+[:=]?\\s*+$");

    /** Words right after an expression that deny it. */
    private static final Pattern DENIED = Pattern.compile(
            "(?i)^[\\s,]*(?:is|was|are|would\\s+be|can't\\s+be|cannot\\s+be)\\s+(?:not|never|wrong|incorrect|false|impossible)\\b");

    private static final Pattern DENIAL = Pattern.compile("(?i)(?:not|never|no\\s+longer)\\b");

    private static final Pattern ANNOUNCED =
            Pattern.compile("(?i)\\banswers?\\b[*_]{0,3}(?:\\s{0,3}[*_]{0,3}\\s{0,3}[:=]"
                    + "|[^.:?!\\n]{0,80}?\\b(?:is|are|equals|becomes)\\b\\s{0,3}:?)[*_]{0,3}");

    /** Words between an announcement and the answer. */
    private static final Pattern FILLER = Pattern.compile(
            "(?i)\\s*(?:(?:equal\\s+to|exactly|simply|just|thus|therefore|indeed|then|the\\s+number)\\b:?\\s*)*");

    /** Words after the answer of a sentence that take it back. */
    private static final Pattern WITHDRAWN =
            Pattern.compile("(?i)\\b(?:but|however|wrong|incorrect|mistake|actually|wait)\\b");

    /** How a sentence that draws a conclusion begins. */
    private static final Pattern CONCLUSION = Pattern.compile(
            "(?i)\\s*(?:therefore|thus|hence|so|consequently|in\\s+total|in\\s+all|finally|answer)\\b.*",
            Pattern.DOTALL);

    private static final Pattern CALCULATION = Pattern.compile("<<[^<>\\n]{0,200}>>");

    private static final Pattern CONJUNCTION_BETWEEN = Pattern.compile("\\s*(?:,\\s*)?and\\s*|\\s*,\\s*");

    private static final Pattern WORDS_IN_A_ROW =
            Pattern.compile("(?<![\\\\A-Za-z])([A-Za-z]{2,})\\s+([A-Za-z]{2,})(?![A-Za-z])");
    private static final Pattern WORD_BESIDE_MATH =
            Pattern.compile("(?<![\\\\A-Za-z])([A-Za-z]{3,})[^A-Za-z$\\\\]*(?:\\$|\\\\[(\\[])");
    private static final Pattern TEXT_COMMAND =
            Pattern.compile("\\\\(?:text|textnormal|textbf|mathrm|mbox)\\s*\\{[^{}]*+\\}");
    private static final Pattern CONJUNCTION = Pattern.compile("(?i)and|or|percent|pct|percentage");
    private static final Pattern PERCENT_AFTER = Pattern.compile("\\s*(?:\\\\?%|percent\\b|pct\\b)");
    private static final Pattern WORD_AFTER = Pattern.compile("\\s*([A-Za-z]+)");

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

    /** The text that is searched, without the notes of a calculator as in {@code 2+3=<<2+3=5>>5}. */
    private static String searched(String text) {
        return CALCULATION.matcher(AnswerExtractor.tail(text)).replaceAll("");
    }

    /** The last expression of a text, or null if there is none or its sentence hedges, denies or rounds it. */
    public static @Nullable String last(String text) {
        String searched = searched(text);
        List<Found> found = ProseExpressions.in(searched);
        return found.isEmpty() ? null : answer(searched, found, found.size() - 1);
    }

    /**
     * The expression that the last sentence of the form "the answer is ..." announces, or the words that it announces.
     * Empty if the sentence hedges, denies or rounds the answer or takes it back; null if there is no such sentence.
     */
    static @Nullable String announced(String text) {
        String searched = searched(text);
        Matcher announcements = ANNOUNCED.matcher(searched);
        int from = -1;
        while (announcements.find()) {
            if (!isQuestion(searched, announcements.end())) {
                from = announcements.end();
            }
        }
        if (from < 0) {
            return null;
        }
        Matcher filler = FILLER.matcher(searched).region(from, searched.length());
        int start = filler.lookingAt() ? filler.end() : from;
        int end = sentenceEnd(searched, start);
        List<Found> found = ProseExpressions.in(searched);
        for (int i = 0; i < found.size(); i++) {
            if (found.get(i).start() == start
                    || (found.get(i).start() > start
                            && isMarkup(searched, start, found.get(i).start()))) {
                return orEmpty(
                        withdrawn(searched, found.get(i).end())
                                ? null
                                : answer(searched, found, lastOfJoined(searched, found, i)));
            }
        }
        String sentence = searched.substring(start, end);
        String bare = AnswerExtractor.unmarked(sentence);
        if (!bare.isEmpty() && !isProse(bare) && !ProseExpressions.startsWithWord(bare)) {
            return HEDGE.matcher(bare).find() ? "" : bare;
        }
        for (int i = found.size() - 1; i >= 0; i--) {
            if (found.get(i).start() >= start && found.get(i).end() <= end) {
                return orEmpty(answer(searched, found, i));
            }
        }
        if (HEDGE.matcher(bare).find() || DENIAL.matcher(bare).lookingAt()) {
            return "";
        }
        return bare.isEmpty() || isProse(bare) ? null : bare;
    }

    private static String orEmpty(@Nullable String answer) {
        return answer == null ? "" : answer;
    }

    private static boolean withdrawn(String text, int after) {
        return WITHDRAWN.matcher(text).region(after, sentenceEnd(text, after)).find();
    }

    /** The answer of a worked solution that marks none: the last expression of its last sentence, if that draws a conclusion. */
    static @Nullable String concluded(String solution) {
        String searched = searched(solution).stripTrailing();
        int start = searched.length();
        while (start > 0 && !(start < searched.length() && sentenceEnds(searched, start - 1))) {
            start--;
        }
        String sentence = searched.substring(start);
        return start > 0 && CONCLUSION.matcher(sentence).matches() ? last(sentence) : null;
    }

    /** The index of the last of the expressions that are joined to one by "and". */
    private static int lastOfJoined(String text, List<Found> found, int first) {
        int last = first;
        while (last + 1 < found.size() && areJoined(text, found.get(last), found.get(last + 1))) {
            last++;
        }
        return last;
    }

    private static boolean areJoined(String text, Found first, Found second) {
        String between = text.substring(first.end(), second.start());
        return CONJUNCTION_BETWEEN.matcher(between).matches()
                && (between.contains("and") || (isFormula(text, first) && isFormula(text, second)));
    }

    /** Whether a comma is between two expressions: they belong together if "and" follows. */
    private static boolean areListed(String text, Found first, Found second) {
        return text.substring(first.end(), second.start()).matches("\\s*,\\s*");
    }

    /** Whether words hedge. */
    static boolean hedges(String words) {
        return HEDGE.matcher(words).find();
    }

    /** Whether the sentence around an expression states it: does not hedge, deny, bound or round it. */
    static boolean isAsserted(String text, int start, int end) {
        int from = start;
        while (from > 0 && !sentenceEnds(text, from - 1)) {
            from--;
        }
        int to = sentenceEnd(text, end);
        return !HEDGE.matcher(text.substring(from, to)).find()
                && !QUALIFIED.matcher(text.substring(from, start)).find()
                && !DENIED.matcher(text.substring(end, to)).find();
    }

    private static boolean isFormula(String text, Found found) {
        return text.charAt(found.start()) == '$' || text.startsWith("\\(", found.start());
    }

    /** An expression with those that are joined to it by "and" before it; null if its sentence hedges, denies or rounds it. */
    private static @Nullable String answer(String text, List<Found> found, int index) {
        int first = index;
        while (first > 0
                && (areJoined(text, found.get(first - 1), found.get(first))
                        || (first < index && areListed(text, found.get(first - 1), found.get(first))))) {
            first--;
        }
        Found last = found.get(index);
        if (!isAsserted(text, found.get(first).start(), last.end())) {
            return null;
        }
        StringBuilder answer = new StringBuilder();
        for (int i = first; i <= index; i++) {
            answer.append(answer.isEmpty() ? "" : ", ").append(found.get(i).text());
        }
        return answer.append(unitAfter(text, last)).toString();
    }

    /** The percent sign or unit after a formula, which stands outside the math delimiters. */
    private static String unitAfter(String text, Found formula) {
        if (!isFormula(text, formula) || !formula.text().matches("(?s).*[\\d}]")) {
            return "";
        }
        Matcher percent = PERCENT_AFTER.matcher(text).region(formula.end(), text.length());
        if (percent.lookingAt()) {
            return "\\%";
        }
        Matcher word = WORD_AFTER.matcher(text).region(formula.end(), text.length());
        boolean unit = word.lookingAt()
                && !word.group(1).equals("in")
                && (UnitWords.isKnown(word.group(1)) || ProseExpressions.isScale(word.group(1)));
        return unit ? "\\text{" + word.group(1) + "}" : "";
    }

    private static boolean isMarkup(String text, int from, int to) {
        return text.substring(from, to).matches("[\\s*_:$]*");
    }

    private static boolean isQuestion(String text, int from) {
        int end = sentenceEnd(text, from);
        return end < text.length() && text.charAt(end) == '?';
    }

    private static int sentenceEnd(String text, int from) {
        int to = from;
        while (to < text.length() && !sentenceEnds(text, to)) {
            to++;
        }
        return to;
    }

    private static boolean sentenceEnds(String text, int at) {
        char c = text.charAt(at);
        return c == '\n'
                || ((c == '.' || c == '!' || c == '?')
                        && (at + 1 == text.length() || Character.isWhitespace(text.charAt(at + 1))));
    }
}
