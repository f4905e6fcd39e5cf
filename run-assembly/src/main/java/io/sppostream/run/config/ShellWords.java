package io.sppostream.run.config;

import io.sppostream.log.Redactor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Words of a command line, to be printed and typed again. */
public final class ShellWords {
    private static final Pattern PLAIN = Pattern.compile("[\\w./:=,@%+-]+");
    private static final Pattern ASSIGNMENT = Pattern.compile("((?:--set=)?([^=]+)=).*", Pattern.DOTALL);

    private ShellWords() {}

    /** The word in quotes if a shell would take it apart, and without secrets. */
    public static String quoted(String word) {
        Matcher assignment = ASSIGNMENT.matcher(word);
        String shown = assignment.matches() && Redactor.isSecret(assignment.group(2))
                ? assignment.group(1) + Redactor.HIDDEN
                : Redactor.text(word);
        return PLAIN.matcher(shown).matches() ? shown : "'" + shown.replace("'", "'\\''") + "'";
    }
}
