package io.sppostream.cli.logging;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.function.Consumer;

/** Takes what a command prints, line by line; empty lines are dropped. Thread-safe. */
final class LoggedLines extends OutputStream {
    private final Consumer<String> log;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    private LoggedLines(Consumer<String> log) {
        this.log = log;
    }

    /** A stream whose lines are logged. */
    static PrintStream stream(Consumer<String> log) {
        return new PrintStream(new LoggedLines(log), true, UTF_8);
    }

    @Override
    public synchronized void write(int b) {
        if (b != '\n' && b != '\r') {
            line.write(b);
        } else if (line.size() > 0) {
            String text = line.toString(UTF_8);
            line.reset();
            log.accept(text);
        }
    }
}
