package io.sppostream.run.report;

import java.time.Duration;
import java.time.Instant;

/**
 * One line that shows how something is doing: rewritten in place on a terminal and cut to its width, printed anew every
 * few seconds elsewhere if it has changed. For one thread.
 */
public final class LiveLine implements AutoCloseable {
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

    private final Screen screen;
    private String shown = "";
    private Instant printedAt = Instant.MIN;
    private boolean open;

    public LiveLine(Screen screen) {
        this.screen = screen;
    }

    /** Shows the line as it is now. */
    public void show(String line, Instant now) {
        if (screen.isTerminal()) {
            rewrite(fitted(line, screen.columns(now)));
        } else if (Duration.between(printedAt, now).compareTo(BETWEEN_LINES) >= 0) {
            print(line);
            printedAt = now;
        }
    }

    /** Shows the line as it is at the end, however short ago one was shown. */
    public void showLast(String line, Instant now) {
        if (screen.isTerminal()) {
            rewrite(fitted(line, screen.columns(now)));
        } else {
            print(line);
        }
    }

    private void rewrite(String line) {
        int rest = open ? Math.max(0, shown.length() - line.length()) : 0;
        screen.out().print("\r" + line + " ".repeat(rest));
        screen.out().flush();
        shown = line;
        open = true;
    }

    private void print(String line) {
        if (!line.equals(shown)) {
            screen.println(line);
            shown = line;
        }
    }

    /** Cuts a line so that a terminal of so many columns does not wrap it: the last column stays free. */
    static String fitted(String line, int columns) {
        int most = columns - 1;
        return line.length() <= most ? line : line.substring(0, most - 3) + "...";
    }

    /** Prints a message on a line of its own. */
    public void say(String message) {
        close();
        screen.println(message);
    }

    /** Ends a line that is being rewritten, so that others can print. */
    @Override
    public void close() {
        if (open) {
            screen.out().println();
            open = false;
        }
    }
}
