package io.sppostream.verify.math.read;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The last number of a text, as the flexible reward of GSM8K takes it. A number that is a part of something else, such as
 * an exponent, a factor of an unknown or the minutes of a time, is no answer; nor is the number before it then.
 */
final class LastNumber {
    private static final Pattern NUMBER = Pattern.compile(
            "(?:-?\\$?|\\$-)(?:\\d{1,3}(?:(?:,|\\{,\\}|,\\\\!)\\d{3})+(?!\\d)|\\d++)?(?:\\.\\d++|(?<=\\d))");

    /** What the number is a part of if it is right before it. */
    private static final Pattern PART_BEFORE =
            Pattern.compile("(?:[\\w^/]|\\d[.,:]|[\\w)\\]}]-|[+/^×÷·]\\s{1,9}|\\+|[\\w)\\]}]\\s{0,3}\\*\\s{0,3}"
                    + "|(?<![A-Za-z])[A-Za-z\\d)\\]}]\\s{1,9}[-−]\\s{1,9})$");

    private static final Pattern BRACE_BEFORE =
            Pattern.compile("\\\\(?:boxed|fbox|text|textbf|mathbf|mathrm)\\s?\\{\\$?$");

    /** What the number is a part of if it is right after it. */
    private static final Pattern PART_AFTER = Pattern.compile(
            "[\\^/_√π]|\\*[\\w(\\\\]|\\s\\*\\s|\\s{0,9}(?:[+^×÷·]|\\\\(?:sqrt|pi|frac|times|cdot|div|ln|log|sin|cos|tan)\\b)");

    private static final Pattern LETTERS_AFTER = Pattern.compile("[A-Za-z]+");

    private LastNumber() {}

    static @Nullable String in(String text) {
        String searched = AnswerExtractor.tail(text);
        int lastDigit = searched.length() - 1;
        while (lastDigit >= 0 && !(searched.charAt(lastDigit) >= '0' && searched.charAt(lastDigit) <= '9')) {
            lastDigit--;
        }
        Matcher numbers = NUMBER.matcher(searched);
        while (lastDigit >= 0 && numbers.find()) {
            if (numbers.end() > lastDigit) {
                int start = signed(searched, numbers.start()) ? numbers.start() : numbers.start() + 1;
                return standsAlone(searched, start, numbers.end())
                                && Statements.isStated(searched, start, numbers.end())
                        ? searched.substring(start, numbers.end())
                        : null;
            }
        }
        return null;
    }

    /** Whether the character at an index, if it is a dash, is the sign of a number and not a hyphen or a minus. */
    private static boolean signed(String text, int at) {
        if (at == 0 || text.charAt(at) != '-') {
            return true;
        }
        char before = text.charAt(at - 1);
        return !Character.isLetterOrDigit(before) && ")]}".indexOf(before) < 0;
    }

    private static boolean standsAlone(String text, int start, int end) {
        String before = text.substring(Math.max(0, start - 30), start);
        if (PART_BEFORE.matcher(before).find()
                || (before.endsWith("{") && !BRACE_BEFORE.matcher(before).find())) {
            return false;
        }
        if (PART_AFTER.matcher(text).region(end, text.length()).lookingAt()) {
            return false;
        }
        Matcher letters = LETTERS_AFTER.matcher(text).region(end, text.length());
        return !letters.lookingAt() || UnitWords.isKnown(letters.group());
    }
}
