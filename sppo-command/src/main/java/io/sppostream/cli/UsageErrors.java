package io.sppostream.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** One line for an error in the arguments of a command: what is wrong, and which help to read. */
final class UsageErrors {
    private static final Pattern NOT_A_PAIR =
            Pattern.compile("Value for option option '(.+?)' \\((.+?)\\) should be in KEY=VALUE format but was (.*)");
    private static final Pattern NO_VALUE =
            Pattern.compile("Missing required parameter for option '(.+?)' \\((.+?)\\)");
    private static final Pattern GIVEN_TWICE =
            Pattern.compile("option '(.+?)'(?: \\(.+?\\))? should be specified only once");

    private UsageErrors() {}

    static String describe(ParameterException error) {
        CommandLine command = error.getCommandLine();
        return message(error) + " (see ./" + command.getCommandSpec().qualifiedName(" ") + " --help)";
    }

    private static String message(ParameterException error) {
        if (error instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
            String argument = unmatched.getUnmatched().get(0);
            return error.getCommandLine().getSubcommands().isEmpty()
                    ? "unexpected argument '" + argument + "'"
                    : "there is no command '" + argument + "'";
        }
        String text = String.valueOf(error.getMessage());
        Matcher pair = NOT_A_PAIR.matcher(text);
        if (pair.matches()) {
            return "option '" + pair.group(1) + "' needs " + pair.group(2) + ", got '" + pair.group(3) + "'";
        }
        Matcher value = NO_VALUE.matcher(text);
        if (value.matches()) {
            return "option '" + value.group(1) + "' needs a value: " + value.group(2);
        }
        Matcher twice = GIVEN_TWICE.matcher(text);
        if (twice.matches()) {
            return "option '" + twice.group(1) + "' is given twice";
        }
        return text.startsWith("Error: ") ? text.substring("Error: ".length()) : text;
    }
}
