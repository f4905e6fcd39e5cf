package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.dlq.DeadLetter;
import io.sppostream.dlq.DeadLetterQueue;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
import io.sppostream.run.report.TerminalText;
import java.io.PrintStream;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./sppo dlq}: records that could not be read or judged. */
@Command(
        name = "dlq",
        description = "List, show and resubmit the dead letters of a run: records that could not be read or judged.",
        mixinStandardHelpOptions = true)
final class DlqCommand {
    private static final int BYTES_PER_LINE = 16;
    private static final int SHOWN_BYTES = 1024;

    @Command(
            name = "list",
            description = "List the dead letters: id, time, origin, role and error.",
            mixinStandardHelpOptions = true)
    int list(@Mixin RunOptions run) {
        withQueue(run, (queue, serdes) -> {
            List<DeadLetter> letters = queue.letters();
            if (letters.isEmpty()) {
                System.out.println("no dead letters");
                return;
            }
            TextTable table = new TextTable("LETTER", "TIME", "FROM", "ROLE", "SENT BACK", "ERROR");
            for (DeadLetter letter : letters) {
                table.add(
                        letter.id(),
                        letter.time().truncatedTo(ChronoUnit.SECONDS),
                        "partition " + letter.origin("partition") + ", offset " + letter.origin("offset"),
                        letter.origin("role"),
                        letter.resubmitted() == null
                                ? "-"
                                : letter.resubmitted().truncatedTo(ChronoUnit.SECONDS),
                        letter.origin("error"));
            }
            table.print(System.out);
            System.out.println(letters.size() + " dead letters");
        });
        return 0;
    }

    @Command(
            name = "show",
            description = "Show one dead letter: headers, key and value, decoded if possible.",
            mixinStandardHelpOptions = true)
    int show(
            @Mixin RunOptions run,
            @Parameters(paramLabel = "LETTER", description = "Id of the letter as listed, such as rollouts@3.")
                    String id) {
        withQueue(run, (queue, serdes) -> show(queue, serdes, queue.find(id), System.out));
        return 0;
    }

    private static void show(DeadLetterQueue queue, EventSerdes serdes, DeadLetter letter, PrintStream out) {
        out.println("letter   " + letter.id() + ", " + letter.time());
        out.println("topic    " + queue.topic(letter).name());
        for (Header header : letter.headers()) {
            out.println("header   " + TerminalText.printable(header.key()) + ": " + printable(header.value()));
        }
        byte[] key = letter.key();
        out.println("key      " + printable(key));
        byte[] value = letter.value();
        if (value == null) {
            out.println("value    null");
            return;
        }
        try {
            Object event = serdes.deserializer(queue.topic(letter))
                    .deserialize(queue.topic(letter).name(), value);
            out.println("value    " + TerminalText.printable(String.valueOf(event)));
        } catch (RuntimeException e) {
            out.println("value    " + value.length + " bytes that are no event: "
                    + TerminalText.printable(LogException.reason(e)));
            dump(value, out);
        }
    }

    private static String printable(byte @Nullable [] text) {
        return text == null ? "null" : TerminalText.printable(new String(text, UTF_8));
    }

    /** Prints bytes in hexadecimal and as ASCII. */
    private static void dump(byte[] bytes, PrintStream out) {
        for (int start = 0; start < Math.min(bytes.length, SHOWN_BYTES); start += BYTES_PER_LINE) {
            StringBuilder hex = new StringBuilder();
            StringBuilder text = new StringBuilder();
            for (int i = start; i < Math.min(bytes.length, start + BYTES_PER_LINE); i++) {
                hex.append(String.format("%02x ", bytes[i]));
                text.append(bytes[i] >= ' ' && bytes[i] < 127 ? (char) bytes[i] : '.');
            }
            out.printf("  %06x  %-48s %s%n", start, hex, text);
        }
        if (bytes.length > SHOWN_BYTES) {
            out.println("  ...");
        }
    }

    @Command(
            name = "resubmit",
            description =
                    "Send dead letters back to their topics, for the role that refused them; each can be sent back once.",
            mixinStandardHelpOptions = true)
    int resubmit(
            @Mixin RunOptions run,
            @Option(names = "--all", description = "All letters that have not been sent back.") boolean all,
            @Parameters(
                            paramLabel = "LETTER",
                            arity = "0..*",
                            description = "Ids of letters as listed, such as rollouts@3.")
                    @Nullable
                    List<String> ids) {
        List<String> chosen = ids == null ? List.of() : ids;
        if (all != chosen.isEmpty()) {
            throw new UserException("which letters? give ids such as rollouts@3, or --all");
        }
        withQueue(run, (queue, serdes) -> {
            DeadLetterQueue.Resubmitted resubmitted = queue.resubmit(chosen);
            for (DeadLetter letter : resubmitted.settled()) {
                System.out.println(letter.id() + " not sent: its rollout has settled (./sppo inspect shows how);"
                        + " ./sppo replay --judge-again judges it again in a new run");
            }
            for (DeadLetter letter : resubmitted.sent()) {
                System.out.println(letter.id() + " sent back to "
                        + queue.topic(letter).name() + " for " + TerminalText.printable(letter.origin("role")));
            }
            System.out.println(resubmitted.sent().size() + " sent back");
        });
        return 0;
    }

    private static void withQueue(RunOptions options, BiConsumer<DeadLetterQueue, EventSerdes> action) {
        try (RecordedRun run = options.open()) {
            action.accept(new DeadLetterQueue(run.log()), run.log().serdes());
        }
    }
}
