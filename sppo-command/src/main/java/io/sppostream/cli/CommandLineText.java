package io.sppostream.cli;

import io.sppostream.run.config.Secrets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** A command as a person can type it again. */
final class CommandLineText {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

    private CommandLineText() {}

    /**
     * The command with the arguments it was given, quoted for a shell where needed. Values of secret settings are
     * replaced by {@code ...}.
     *
     * @param arguments the subcommand and its arguments
     * @param run name of the run, added unless the arguments give it
     */
    static String resume(List<String> arguments, String run) {
        List<String> words = new ArrayList<>(List.of("./sppo"));
        arguments.stream()
                .map(CommandLineText::withoutSecret)
                .map(CommandLineText::quoted)
                .forEach(words::add);
        if (arguments.stream().noneMatch(argument -> argument.equals("--run") || argument.startsWith("--run="))) {
            words.addAll(2, List.of("--run", quoted(run)));
        }
        return String.join(" ", words);
    }

    private static String withoutSecret(String argument) {
        String setting = argument.startsWith("--set=") ? argument.substring("--set=".length()) : argument;
        int equals = setting.indexOf('=');
        return equals > 0 && !setting.startsWith("-") && Secrets.named(setting.substring(0, equals))
                ? argument.substring(0, argument.length() - setting.length() + equals + 1) + "..."
                : argument;
    }

    private static String quoted(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
