package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class HelpTest {
    /** The arguments that name each command and sub-command; empty for {@code ./sppo} itself. */
    static Stream<List<String>> commands() {
        List<List<String>> commands = new ArrayList<>();
        collect(Main.commandLine(), List.of(), commands);
        assertThat(commands).contains(List.of("audit"), List.of("dlq", "list"), List.of("learn"));
        return commands.stream();
    }

    private static void collect(CommandLine command, List<String> name, List<List<String>> commands) {
        commands.add(name);
        command.getSubcommands().forEach((sub, subcommand) -> {
            List<String> names = new ArrayList<>(name);
            names.add(sub);
            collect(subcommand, names, commands);
        });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void shouldPrintUsageWhenAskedForHelp(List<String> command) {
        for (String option : List.of("--help", "-h")) {
            Invocation help = run(command, option);

            assertThat(help.code()).as(help.err()).isZero();
            assertThat(help.out()).startsWith(String.join(" ", usage(command)) + " ");
            assertThat(help.err()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void shouldPrintTheVersionWhenAskedForIt(List<String> command) {
        // The version that these two take is one of the policy.
        if (!List.of(List.of("export"), List.of("eval")).contains(command)) {
            assertThat(run(command, "--version").out()).startsWith("SPPO Stream ");
        }
    }

    private static List<String> usage(List<String> command) {
        List<String> usage = new ArrayList<>(List.of("Usage:", "sppo"));
        usage.addAll(command);
        return usage;
    }

    private static Invocation run(List<String> command, String option) {
        List<String> arguments = new ArrayList<>(command);
        arguments.add(option);
        return Invocation.of(arguments.toArray(String[]::new));
    }
}
