package io.sppostream.log;

import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Removes secrets from what is recorded, printed or logged: the values of settings with certain names, the userinfo of
 * URLs, secret query parameters, and credentials in the text of messages. A secret is replaced by a fixed mark rather
 * than a hash, since a hash of a short password can be reversed. Two redacted values are therefore equal: a run can be
 * resumed with a new password. Redacting twice is the same as redacting once. Stateless.
 */
public final class Redactor {
    /** Stands for a secret, as in Kafka's own listings of settings. */
    public static final String HIDDEN = "[hidden]";

    private static final String WORDS =
            "passw(?:or)?d|passphrase|secret|jaas|credential|authorization|user[._-]?info|api[._-]?key"
                    + "|(?:access|private)[._-]?key|cookie";

    /**
     * Names of settings. {@code token} does not match {@code max.tokens} and {@code tokenizer}, nor {@code key} the word
     * {@code keywords}; all properties of key stores do.
     */
    private static final Pattern SECRET_NAME =
            Pattern.compile(WORDS + "|token(?!s|i)|keystore|(?:^|[._-])(?:auth|key|pwd)(?:[._-]|$)");

    /** Up to the last at sign before the path, since a password may have one that is not escaped. */
    private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/?#\\s'\"]*(?=@)");

    /** A user, a colon, and then a password with a slash or hash sign that is not escaped, rather than a port. */
    private static final Pattern LONG_USER_INFO =
            Pattern.compile("(?<=://)[^/?#\\s:@'\"\\[\\]]+:(?!\\d{1,5}(?:[/?#]|$))[^\\s@'\"]*(?=@)");

    private static final Pattern PARAMETER = Pattern.compile("([?&]([^=&#\\s?]+)=)([^&#\\s'\"]+)");

    private static final String VALUE = "(?:\"[^\"]*\"|'[^']*'|(?:(?:Bearer|Basic)\\s+)?[^\\s,;'\"}]+)";

    /** {@code password="..."} as in JAAS, {@code "password": "..."} as in JSON, and HTTP headers. */
    private static final Pattern ASSIGNMENT = Pattern.compile(
            "((?<![\\w.?&-])[\\w.-]*(?:" + WORDS + ")[\\w.-]*(?:\\s*=\\s*|[\"']\\s*:\\s*))" + VALUE
                    + "|(\\b(?:authorization|cookie)\\s*:\\s*)" + VALUE,
            Pattern.CASE_INSENSITIVE);

    private static final Pattern BEARER = Pattern.compile("(\\bBearer\\s+)[^\\s,;'\"]{6,}");

    private Redactor() {}

    /** Whether a setting, header or parameter of this name holds a secret. */
    public static boolean isSecret(String name) {
        return SECRET_NAME.matcher(name.toLowerCase(Locale.ROOT)).find();
    }

    /** The value of a setting as it may be shown: the mark if the name tells a secret, otherwise as {@link #text}. */
    public static String value(String name, String value) {
        return isSecret(name) && !value.isEmpty() ? HIDDEN : text(value);
    }

    /** All settings as they may be shown, in alphabetical order. Values that are not strings are kept. */
    public static SortedMap<String, Object> settings(Map<String, ?> settings) {
        SortedMap<String, Object> shown = new TreeMap<>();
        settings.forEach((name, value) -> shown.put(name, value instanceof String text ? value(name, text) : value));
        return shown;
    }

    /** A text without the credentials in it. */
    public static String text(String text) {
        String shown = text;
        if (shown.contains("://")) {
            shown = LONG_USER_INFO.matcher(shown).replaceAll(Matcher.quoteReplacement(HIDDEN));
            shown = USER_INFO.matcher(shown).replaceAll(Matcher.quoteReplacement(HIDDEN));
        }
        if (shown.indexOf('=') >= 0) {
            shown = PARAMETER.matcher(shown).replaceAll(Redactor::parameter);
        }
        if (shown.indexOf('=') >= 0 || shown.indexOf(':') >= 0) {
            shown = ASSIGNMENT.matcher(shown).replaceAll(Redactor::assignment);
        }
        return shown.contains("Bearer") ? BEARER.matcher(shown).replaceAll("$1" + HIDDEN) : shown;
    }

    private static String parameter(MatchResult match) {
        return Matcher.quoteReplacement(isSecret(match.group(2)) ? match.group(1) + HIDDEN : match.group());
    }

    private static String assignment(MatchResult match) {
        return Matcher.quoteReplacement((match.group(1) == null ? match.group(2) : match.group(1)) + HIDDEN);
    }
}
