package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The verifier {@code knights-and-knaves-text}: the last {@code <answer>} of the response gives each person of the
 * reference exactly one role, and the right one, as in {@code <answer>Ada is a knight, Bruno is a knave</answer>}.
 *
 * <p>The roles may be in any order, separated by commas, semicolons, full stops, line breaks or "and", numbered or with
 * list marks. Case and Markdown's bold do not count. Anything else in the answer makes it malformed, so that no answer can
 * hedge. The reward is 1 or 0, without partial credit for some of the people.
 */
public final class KnightsAndKnavesVerifier implements Verifier {
    private static final String OPEN = "<answer>";
    private static final String CLOSE = "</answer>";

    /** A longer answer is malformed; it bounds the time of the patterns. */
    private static final int MAX_LENGTH = 1_000;

    private static final Pattern LIST_MARK = Pattern.compile("(^|[,;\\n])\\s*(?:\\(?\\d{1,3}[.)]|[-*])\\s+");
    private static final Pattern SEPARATOR = Pattern.compile("[,;.\\n]|\\band\\b");
    private static final Pattern ROLE =
            Pattern.compile("(\\p{L}{1,40})(?: is| ?[:=]) ?(?:a )?(knight|knave)", Pattern.CASE_INSENSITIVE);

    @Override
    public String name() {
        return "knights-and-knaves-text";
    }

    @Override
    public String version() {
        return "1";
    }

    @Override
    public Judgement judge(Rollout rollout) {
        Map<String, String> expected = roles(rollout.getReference());
        if (expected == null || expected.isEmpty()) {
            return Judgement.notJudged(VerdictStatus.UNPARSEABLE_REFERENCE, "roles-of-reference");
        }
        String text = rollout.getText();
        int open = text.lastIndexOf(OPEN);
        int close = open < 0 ? -1 : text.indexOf(CLOSE, open);
        if (close < 0) {
            return Judgement.wrong(VerdictStatus.NO_ANSWER, null, "no-answer-tags");
        }
        String answer = text.substring(open + OPEN.length(), close).strip();
        Map<String, String> given = roles(answer);
        if (given == null) {
            return Judgement.wrong(VerdictStatus.UNPARSEABLE_ANSWER, answer, "malformed");
        }
        if (!given.keySet().equals(expected.keySet())) {
            return Judgement.wrong(VerdictStatus.UNPARSEABLE_ANSWER, answer, "other-people");
        }
        return given.equals(expected)
                ? Judgement.correct(answer, "roles")
                : Judgement.wrong(VerdictStatus.INCORRECT, answer, "roles");
    }

    /** The roles by name, in lower case; null if the text says anything else, or names someone twice. */
    private static @Nullable Map<String, String> roles(String text) {
        if (text.length() > MAX_LENGTH) {
            return null;
        }
        String plain = LIST_MARK
                .matcher(text.replace("**", "").toLowerCase(Locale.ROOT))
                .replaceAll("$1\n");
        Map<String, String> roles = new TreeMap<>();
        for (String part : SEPARATOR.split(plain, -1)) {
            String item = part.strip().replaceAll("\\s+", " ");
            if (!item.isEmpty()) {
                Matcher matcher = ROLE.matcher(item);
                if (!matcher.matches() || roles.put(matcher.group(1), matcher.group(2)) != null) {
                    return null;
                }
            }
        }
        return roles;
    }
}
