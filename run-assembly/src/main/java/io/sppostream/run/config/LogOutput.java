package io.sppostream.run.config;

import java.util.Arrays;
import java.util.Locale;

/** Where the log of a command goes. */
public enum LogOutput {
    FILE,
    STDOUT;

    /** The name in settings. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    static LogOutput of(String id) {
        return valueOf(id.toUpperCase(Locale.ROOT));
    }

    static String[] ids() {
        return Arrays.stream(values()).map(LogOutput::id).toArray(String[]::new);
    }
}
