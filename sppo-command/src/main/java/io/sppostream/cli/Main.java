package io.sppostream.cli;

import io.sppostream.cli.logging.LogFileAppender;
import io.sppostream.embedded.EmbeddedException;
import io.sppostream.log.AccessDenied;
import io.sppostream.log.LogException;
import io.sppostream.log.Redactor;
import io.sppostream.log.UserException;
import io.sppostream.model.CheckpointException;
import io.sppostream.run.Budget;
import io.sppostream.run.Role;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.TypeConversionException;

/** The command: {@code ./sppo}. */
@Command(
        name = "sppo",
        description = "Reinforcement learning with verifiable rewards, event-sourced on Apache Kafka.",
        subcommands = {
            TrainCommand.class,
            UpCommand.class,
            AskCommand.class,
            PromptCommand.class,
            ConfigCommand.class,
            PlanCommand.class,
            TopicsCommand.class,
            AuditCommand.class,
            ResumeCommand.class,
            InspectCommand.class,
            ReplayCommand.class,
            ExportCommand.class,
            DlqCommand.class,
            ShadowsCommand.class,
            CompareCommand.class,
            GradeCommand.class,
            EvalCommand.class,
            PretrainCommand.class,
            DeleteCommand.class
        },
        mixinStandardHelpOptions = true,
        version = "SPPO Stream 0.1.0")
public final class Main {
    private Main() {}

    /** Runs a command and exits with its code: 0 done, 1 failed, 2 wrong usage, 3 below a minimum, 130 interrupted. */
    public static void main(String[] arguments) {
        int code = run(arguments);
        if (code == 0) {
            ClassArchive.writeIfMissing();
        }
        System.exit(code);
    }

    /** Runs a command and returns its exit code. */
    public static int run(String... arguments) {
        try {
            return commandLine().execute(arguments);
        } finally {
            LogFileAppender.flush();
        }
    }

    /** The command with all of its sub-commands. */
    static CommandLine commandLine() {
        CommandLine sppo = new CommandLine(new Main());
        for (Role role : Role.values()) {
            CommandLine command = new CommandLine(new RoleCommand(role));
            command.getCommandSpec()
                    .usageMessage()
                    .description("Run one role of a run on a cluster: " + role.flow() + ".");
            sppo.addSubcommand(role.command(), command);
        }
        inheritVersion(sppo.getCommandSpec());
        return sppo.setExecutionExceptionHandler((error, command, parsed) -> {
                    command.getErr()
                            .println(command.getColorScheme().errorText("sppo: " + Redactor.text(explain(error))));
                    return 1;
                })
                .setParameterExceptionHandler((error, given) -> {
                    error.getCommandLine().getErr().println("sppo: " + Redactor.text(UsageErrors.describe(error)));
                    return 2;
                })
                .registerConverter(Instant.class, Main::instant)
                .registerConverter(Budget.class, Main::budget)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true);
    }

    private static void inheritVersion(CommandSpec command) {
        for (CommandLine sub : command.subcommands().values()) {
            sub.getCommandSpec().version(command.version());
            inheritVersion(sub.getCommandSpec());
        }
    }

    private static Budget budget(String text) {
        try {
            return Budget.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new TypeConversionException("'" + text + "' is not a time such as 2026-01-02T03:04:05Z");
        }
    }

    /** Only now: a command that logs nothing need not wait for the logging system to start. */
    private static Logger logger() {
        return LoggerFactory.getLogger(Main.class);
    }

    /** One line for what the user can fix; for anything else, where to read more. */
    private static String explain(Throwable error) {
        if (error instanceof UserException
                || error instanceof LogException
                || error instanceof CheckpointException
                || error instanceof EmbeddedException) {
            return String.valueOf(error.getMessage());
        }
        Optional<String> denied = AccessDenied.explain(error, "this user", List.of());
        if (denied.isPresent()) {
            return denied.get();
        }
        if (error instanceof KafkaException && !(error instanceof SerializationException)) {
            logger().error("Kafka failed", error);
            return "a request to the Kafka cluster failed: "
                    + error.getClass().getSimpleName() + ": " + LogException.reason(error)
                    + " (is it running, and can it be reached?)";
        }
        logger().error("internal error", error);
        return "internal error: " + error + " (details in " + LogFileAppender.flush() + ")";
    }
}
