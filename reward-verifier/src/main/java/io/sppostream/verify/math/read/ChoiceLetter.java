package io.sppostream.verify.math.read;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The letter of a multiple-choice answer. */
public final class ChoiceLetter {
    private static final Pattern WRAPPING =
            Pattern.compile("\\\\(?:text|textbf|textrm|mathrm|mathbf|mbox)\\b|[{}$*]|\\\\[()\\[\\]]");
    private static final Pattern LETTER = Pattern.compile("\\(?([A-J])\\)?[.:]?");
    private static final Pattern LETTER_AND_TEXT =
            Pattern.compile("(?:\\(([A-J])\\)[.:]?|([A-J])[).:])(?:\\s|~|\\\\).*", Pattern.DOTALL);

    private ChoiceLetter() {}

    /** The letter if the text is nothing else, or null. */
    public static @Nullable String only(String text) {
        Matcher matcher = LETTER.matcher(unwrapped(text));
        return matcher.matches() ? matcher.group(1) : null;
    }

    /** The letter if the text is a letter or begins with one as an option does, as in {@code (C) 12}; or null. */
    public static @Nullable String leading(String text) {
        String only = only(text);
        if (only != null) {
            return only;
        }
        Matcher matcher = LETTER_AND_TEXT.matcher(unwrapped(text));
        if (!matcher.matches()) {
            return null;
        }
        return matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    }

    private static String unwrapped(String text) {
        return text.length() > AnswerExtractor.MAX_ANSWER
                ? ""
                : WRAPPING.matcher(text).replaceAll("").strip();
    }
}
