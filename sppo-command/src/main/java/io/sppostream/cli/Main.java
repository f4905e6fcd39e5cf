package io.sppostream.cli;

import io.sppostream.embedded.EmbeddedException;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
import io.sppostream.model.CheckpointException;
import io.sppostream.run.Role;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command: {@code ./sppo}. */
@Command(
        name = "sppo",
        description = "Reinforcement learning with verifiable rewards, event-sourced on Apache Kafka.",
        subcommands = {
            TrainCommand.class,
            UpCommand.class,
            AskCommand.class,
            TopicsCommand.class,
            AuditCommand.class,
            ResumeCommand.class,
            InspectCommand.class,
            ReplayCommand.class,
            DlqCommand.class,
            ShadowsCommand.class,
            GradeCommand.class,
            PretrainCommand.class
        },
        mixinStandardHelpOptions = true,
        version = "SPPO Stream 0.1.0")
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    private Main() {}

    /** Runs a command and exits with its code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs a command. */
    public static int run(String... arguments) {
        CommandLine sppo = new CommandLine(new Main());
        for (Role role : Role.values()) {
            CommandLine command = new CommandLine(new RoleCommand(role));
            command.getCommandSpec()
                    .usageMessage()
                    .description("Run one role of a run on a cluster: " + role.flow() + ".");
            sppo.addSubcommand(role.command(), command);
        }
        return sppo.setExecutionExceptionHandler((error, command, parsed) -> {
                    command.getErr().println(command.getColorScheme().errorText("sppo: " + explain(error)));
                    return 1;
                })
                .setParameterExceptionHandler((error, given) -> {
                    CommandLine command = error.getCommandLine();
                    command.getErr()
                            .println("sppo: " + error.getMessage() + " (see ./sppo " + command.getCommandName()
                                    + " --help)");
                    return 2;
                })
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .execute(arguments);
    }

    /** One line for what a person can mend; for all else, where to read more. */
    private static String explain(Throwable error) {
        if (error instanceof UserException
                || error instanceof LogException
                || error instanceof CheckpointException
                || error instanceof EmbeddedException) {
            return String.valueOf(error.getMessage());
        }
        if (error instanceof KafkaException && !(error instanceof SerializationException)) {
            LOG.error("Kafka failed", error);
            return "the Kafka cluster did not do what it was asked: "
                    + error.getClass().getSimpleName() + ": " + LogException.reason(error)
                    + " (is it running, and can it be reached?)";
        }
        LOG.error("internal error", error);
        return "internal error: " + error + " (the log file in the data directory has the details)";
    }
}
