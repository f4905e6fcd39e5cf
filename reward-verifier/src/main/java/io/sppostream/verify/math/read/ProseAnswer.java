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

    /** A text that ends without an answer. */
    private static final Pattern GIVEN_UP =
            Pattern.compile("(?i)\\b(?:no\\s+answer|answer\\s+(?:cannot|can't|can\\s+not)|cannot\\s+be\\s+determined"
                    + "|not\\s+enough\\s+information|don't\\s+know|do\\s+not\\s+know)\\b");

    /** Characters at the end of a text in which it may give up. */
    private static final int GIVEN_UP_WITHIN = 200;

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
        if (found.isEmpty()
                || GIVEN_UP.matcher(searched.substring(Math.max(0, searched.length() - GIVEN_UP_WITHIN)))
                        .find()) {
            return null;
        }
        int last = found.size() - 1;
        return answer(searched, found, firstOfList(searched, found, last), last);
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
        int end = Statements.sentenceEnd(searched, start);
        List<Found> found = ProseExpressions.in(searched);
        for (int i = 0; i < found.size(); i++) {
            if (found.get(i).start() == start
                    || (found.get(i).start() > start
                            && isMarkup(searched, start, found.get(i).start()))) {
                return orEmpty(
                        withdrawn(searched, found.get(i).end())
                                ? null
                                : answer(searched, found, i, lastOfList(searched, found, i)));
            }
        }
        String sentence = searched.substring(start, end);
        String bare = AnswerExtractor.unmarked(sentence);
        if (!bare.isEmpty() && !isProse(bare) && !ProseExpressions.startsWithWord(bare)) {
            return Statements.hedge(bare) ? "" : bare;
        }
        for (int i = found.size() - 1; i >= 0; i--) {
            if (found.get(i).start() >= start && found.get(i).end() <= end) {
                return orEmpty(answer(searched, found, firstOfList(searched, found, i), i));
            }
        }
        if (Statements.hedge(bare) || DENIAL.matcher(bare).lookingAt()) {
            return "";
        }
        return bare.isEmpty() || isProse(bare) ? null : bare;
    }

    private static String orEmpty(@Nullable String answer) {
        return answer == null ? "" : answer;
    }

    private static boolean withdrawn(String text, int after) {
        return WITHDRAWN
                .matcher(text)
                .region(after, Statements.sentenceEnd(text, after))
                .find();
    }

    /** The answer of a worked solution that marks none: the last expression of its last sentence, if that draws a conclusion. */
    static @Nullable String concluded(String solution) {
        String searched = searched(solution).stripTrailing();
        int start = searched.length();
        while (start > 0 && !(start < searched.length() && Statements.sentenceEnds(searched, start - 1))) {
            start--;
        }
        String sentence = searched.substring(start);
        return start > 0 && CONCLUSION.matcher(sentence).matches() ? last(sentence) : null;
    }

    /** The index of the first of the expressions that one ends. "In 2021, 7" is no list, but "1, 2, 3" and "1, 2 and 3" are. */
    private static int firstOfList(String text, List<Found> found, int last) {
        int joined = last;
        while (joined > 0 && areJoined(text, found.get(joined - 1), found.get(joined))) {
            joined--;
        }
        int listed = joined;
        while (listed > 0 && areListed(text, found.get(listed - 1), found.get(listed))) {
            listed--;
        }
        return last - listed > 1 ? listed : joined;
    }

    /** The index of the last of the expressions that begin with an announced one. */
    private static int lastOfList(String text, List<Found> found, int first) {
        int last = first;
        while (last + 1 < found.size()
                && (areJoined(text, found.get(last), found.get(last + 1))
                        || areListed(text, found.get(last), found.get(last + 1)))) {
            last++;
        }
        return last;
    }

    private static boolean areJoined(String text, Found first, Found second) {
        if (overlap(first, second)) {
            return false;
        }
        String between = text.substring(first.end(), second.start());
        return CONJUNCTION_BETWEEN.matcher(between).matches()
                && (between.contains("and") || (isFormula(text, first) && isFormula(text, second)));
    }

    /** Whether only a comma is between two expressions. */
    private static boolean areListed(String text, Found first, Found second) {
        return !overlap(first, second)
                && text.substring(first.end(), second.start()).matches("\\s*,\\s*");
    }

    /** Whether the second expression begins inside the first, as in "2 x 5 = 10 items". */
    private static boolean overlap(Found first, Found second) {
        return second.start() < first.end();
    }

    private static boolean isFormula(String text, Found found) {
        return text.charAt(found.start()) == '$' || text.startsWith("\\(", found.start());
    }

    /** Expressions that belong together, separated by commas; null if their sentence does not state them. */
    private static @Nullable String answer(String text, List<Found> found, int first, int last) {
        Found end = found.get(last);
        if (!Statements.isStated(text, found.get(first).start(), end.end())) {
            return null;
        }
        StringBuilder answer = new StringBuilder();
        for (int i = first; i <= last; i++) {
            answer.append(answer.isEmpty() ? "" : ", ").append(found.get(i).text());
        }
        return answer.append(unitAfter(text, end)).toString();
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
        int end = Statements.sentenceEnd(text, from);
        return end < text.length() && text.charAt(end) == '?';
    }
}
