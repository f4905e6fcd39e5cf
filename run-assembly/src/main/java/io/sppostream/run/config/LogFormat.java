package io.sppostream.run.config;

import java.util.Arrays;
import java.util.Locale;

/** The format of the log of a command. */
public enum LogFormat {
    TEXT,
    JSON;

    /** The name in settings. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    static LogFormat of(String id) {
        return valueOf(id.toUpperCase(Locale.ROOT));
    }

    static String[] ids() {
        return Arrays.stream(values()).map(LogFormat::id).toArray(String[]::new);
    }
}
