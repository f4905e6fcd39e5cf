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
}
