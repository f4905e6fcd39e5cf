package io.sppostream.log;

import java.util.Locale;

/** A succession of weight versions with one writer. */
public enum WeightLine {
    POLICY,
    CRITIC;

    /** The line's name on the log. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The line of a name on the log. */
    public static WeightLine of(String id) {
        return valueOf(id.toUpperCase(Locale.ROOT));
    }
}
