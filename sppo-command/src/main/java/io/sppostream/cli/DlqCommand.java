package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.dlq.DeadLetterBox;
import io.sppostream.dlq.Letter;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
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

/** {@code ./sppo dlq}: what could not be read or judged. */
@Command(
        name = "dlq",
        description = "The dead letters of a run: records that could not be read or judged.",
        mixinStandardHelpOptions = true)
final class DlqCommand {
    private static final int BYTES_A_LINE = 16;
    private static final int SHOWN_BYTES = 1024;

    @Command(
            name = "list",
            description = "List them: which, when, by whom, from where, and why.",
            mixinStandardHelpOptions = true)
    int list(@Mixin RunOptions run) {
        opened(run, (box, serdes) -> {
            List<Letter> letters = box.letters();
            String row = "%-20s  %-20s  %-18s  %-18s  %-20s  %s%n";
            PrintStream out = System.out;
            if (!letters.isEmpty()) {
                out.printf(row, "LETTER", "WHEN", "FROM", "BY", "SENT BACK", "WHY");
            }
            for (Letter letter : letters) {
                out.printf(
                        row,
                        letter.id(),
                        letter.when().truncatedTo(ChronoUnit.SECONDS),
                        letter.header("sppo.partition") + ", offset " + letter.header("sppo.offset"),
                        letter.header("sppo.role"),
                        letter.resubmitted() == null
                                ? "-"
                                : letter.resubmitted().truncatedTo(ChronoUnit.SECONDS),
                        letter.header("sppo.error"));
            }
            out.println(letters.isEmpty() ? "no dead letters" : letters.size() + " dead letters");
        });
        return 0;
    }

    @Command(
            name = "show",
            description = "Show one: its headers, its key, and its value, decoded where it can be.",
            mixinStandardHelpOptions = true)
    int show(
            @Mixin RunOptions run,
            @Parameters(paramLabel = "LETTER", description = "As the list has it: rollouts@3.") String id) {
        opened(run, (box, serdes) -> show(box, serdes, box.find(id), System.out));
        return 0;
    }

    private static void show(DeadLetterBox box, EventSerdes serdes, Letter letter, PrintStream out) {
        out.println("letter   " + letter.id() + ", " + letter.when());
        out.println("topic    " + box.topic(letter).name());
        for (Header header : letter.headers()) {
            out.println("header   " + header.key() + ": "
                    + (header.value() == null ? "null" : new String(header.value(), UTF_8)));
        }
        byte[] key = letter.key();
        out.println("key      " + (key == null ? "null" : new String(key, UTF_8)));
        byte[] value = letter.value();
        if (value == null) {
            out.println("value    null");
            return;
        }
        try {
            Object event = serdes.deserializer(box.topic(letter))
                    .deserialize(box.topic(letter).name(), value);
            out.println("value    " + event);
        } catch (RuntimeException e) {
            out.println("value    " + value.length + " bytes that are no event: " + LogException.reason(e));
            dump(value, out);
        }
    }

    /** Bytes in hexadecimal, beside what of them is printable. */
    private static void dump(byte[] bytes, PrintStream out) {
        for (int start = 0; start < Math.min(bytes.length, SHOWN_BYTES); start += BYTES_A_LINE) {
            StringBuilder hex = new StringBuilder();
            StringBuilder text = new StringBuilder();
            for (int i = start; i < Math.min(bytes.length, start + BYTES_A_LINE); i++) {
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
            description = "Send some back to the topics they come from, once.",
            mixinStandardHelpOptions = true)
    int resubmit(
            @Mixin RunOptions run,
            @Option(names = "--all", description = "All that have not been sent back.") boolean all,
            @Parameters(paramLabel = "LETTER", arity = "0..*", description = "As the list has them: rollouts@3.")
                    @Nullable
                    List<String> ids) {
        List<String> chosen = ids == null ? List.of() : ids;
        if (all != chosen.isEmpty()) {
            throw new UserException("which letters? name some, as rollouts@3, or all of them by --all");
        }
        opened(run, (box, serdes) -> {
            List<Letter> sent = box.resubmit(chosen);
            sent.forEach(letter -> System.out.println(
                    letter.id() + " sent back to " + box.topic(letter).name()));
            System.out.println(sent.size() + " sent back");
        });
        return 0;
    }

    private static void opened(RunOptions options, BiConsumer<DeadLetterBox, EventSerdes> action) {
        try (RecordedRun run = options.open()) {
            action.accept(new DeadLetterBox(run.kafka(), run.topics()), run.serdes());
        }
    }
}
