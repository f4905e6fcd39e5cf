package io.sppostream.run.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Where a command shows how a run is doing: a terminal, on which a line is rewritten in place, or something that keeps
 * every line. For one thread.
 */
public final class Screen {
    private static final String TERMINAL = "sppo.terminal";
    private static final int STANDARD_COLUMNS = 80;
    private static final int LEAST_COLUMNS = 20;
    private static final Duration BETWEEN_QUERIES = Duration.ofSeconds(2);

    private final PrintStream out;
    private final boolean terminal;
    private int columns = STANDARD_COLUMNS;
    private Instant queriedAt = Instant.MIN;

    private Screen(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Standard output, which is a terminal if the launcher says so by {@code -Dsppo.terminal=true}. */
    public static Screen standard() {
        return new Screen(System.out, Boolean.getBoolean(TERMINAL));
    }

    /** A stream that keeps every line. */
    public static Screen plain(PrintStream out) {
        return new Screen(out, false);
    }

    PrintStream out() {
        return out;
    }

    /** Prints a line. */
    public void println(String line) {
        out.println(line);
    }

    boolean isTerminal() {
        return terminal;
    }

    /** Columns of the terminal, asked for every two seconds since its window may be resized. */
    int columns(Instant now) {
        if (Duration.between(queriedAt, now).compareTo(BETWEEN_QUERIES) >= 0) {
            queriedAt = now;
            columns = Math.max(LEAST_COLUMNS, query());
        }
        return columns;
    }

    private static int query() {
        try {
            Process stty = new ProcessBuilder(List.of("sh", "-c", "stty size < /dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (InputStream answer = stty.getInputStream()) {
                String size = new String(answer.readAllBytes(), StandardCharsets.US_ASCII);
                stty.waitFor(1, TimeUnit.SECONDS);
                return columns(size);
            }
        } catch (IOException e) {
            return STANDARD_COLUMNS; // A system without a shell.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return STANDARD_COLUMNS;
        }
    }

    /** Columns in an answer of {@code stty size}, which is rows and columns; 80 if it has none. */
    static int columns(String size) {
        String[] parts = size.trim().split(" ", -1);
        try {
            int columns = parts.length == 2 ? Integer.parseInt(parts[1]) : 0;
            return columns > 0 ? columns : STANDARD_COLUMNS;
        } catch (NumberFormatException e) {
            return STANDARD_COLUMNS;
        }
    }
}
