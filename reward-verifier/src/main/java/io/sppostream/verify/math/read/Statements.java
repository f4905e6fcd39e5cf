package io.sppostream.verify.math.read;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether a sentence states an expression. One that hedges it, denies it, bounds it, rounds it or makes another value of it
 * does not.
 */
final class Statements {
    private static final Pattern HEDGE = Pattern.compile(
            "(?i)\\b(?:neither|maybe|perhaps|possibly|probably|unsure|unknown|guess(?:ing)?|doubt|false|not\\s+true"
                    + "|(?:don't|do\\s+not|cannot|can't)\\s+(?:think|believe|say|know)"
                    + "|or\\s+(?:it|they|that|this|else|not|so|rather))\\b");

    /** Alternatives. Those of the question, as in "the multiples of 3 or 5 are 7 in all", come before the verb. */
    private static final Pattern ALTERNATIVE = Pattern.compile("(?i)\\b(?:or|either)\\b");

    private static final Pattern VERB = Pattern.compile("(?i)\\b(?:is|are|be|equals)\\b|[=:]");

    /** Words right before an expression that deny, bound or round it, or make another value of it. */
    private static final Pattern QUALIFIED =
            Pattern.compile("(?i)(?:\\b(?:not|never|cannot|isn't|aren't|wasn't|can't)(?:\\s++[a-z]++){0,2}"
                    + "|\\b(?:about|around|approximately|approx\\.?|roughly|nearly|almost|over|under|than"
                    + "|at\\s+least|at\\s+most|up\\s+to|except|instead\\s+of|(?:could|might|may)\\s+be"
                    + "|minus|negative|plus|times|twice|double|triple|half"
                    + "|(?:roots?|square|cube|negative|opposite|inverse|reciprocal|factorial|logarithm|half|multiples?"
                    + "|factors?|divisors?|power|sum|product|difference|quotient|average|mean|one|some|any)\\s+of)"
                    + "(?:\\s++equal\\s++to)?)\\s*+[:=]?\\s*+$");

    /** Words and another expression right after an expression: the two make another value. */
    private static final Pattern EXTENDED = Pattern.compile(
            "(?i)^\\s*(?:±|\\\\pm|(?:to|plus|minus|times|over|out\\s+of|divided\\s+by|multiplied\\s+by|modulo|mod|through)"
                    + "\\s+[-\\d$\\\\(])");

    /** Words right after an expression that deny it. */
    private static final Pattern DENIED = Pattern.compile(
            "(?i)^[\\s,]*(?:is|was|are|would\\s+be|can't\\s+be|cannot\\s+be)\\s+(?:not|never|wrong|incorrect|false|impossible)\\b");

    private Statements() {}

    /** Whether words hedge or name alternatives. */
    static boolean hedge(String words) {
        return HEDGE.matcher(words).find() || ALTERNATIVE.matcher(words).find();
    }

    /** Whether the sentence around an expression states it: does not hedge, deny, bound or round it. */
    static boolean isStated(String text, int start, int end) {
        int from = start;
        while (from > 0 && !sentenceEnds(text, from - 1)) {
            from--;
        }
        int to = sentenceEnd(text, end);
        int predicate = from;
        Matcher verbs = VERB.matcher(text).region(from, start);
        while (verbs.find()) {
            predicate = verbs.end();
        }
        return !HEDGE.matcher(text.substring(from, to)).find()
                && !ALTERNATIVE.matcher(text.substring(predicate, to)).find()
                && !QUALIFIED.matcher(text.substring(from, start)).find()
                && !DENIED.matcher(text.substring(end, to)).find()
                && !EXTENDED.matcher(text.substring(end, to)).find();
    }

    /** The index of the end of the sentence at an index. */
    static int sentenceEnd(String text, int from) {
        int to = from;
        while (to < text.length() && !sentenceEnds(text, to)) {
            to++;
        }
        return to;
    }

    /** Whether the character at an index ends a sentence. */
    static boolean sentenceEnds(String text, int at) {
        char c = text.charAt(at);
        return c == '\n'
                || ((c == '.' || c == '!' || c == '?')
                        && (at + 1 == text.length() || Character.isWhitespace(text.charAt(at + 1))));
    }
}
