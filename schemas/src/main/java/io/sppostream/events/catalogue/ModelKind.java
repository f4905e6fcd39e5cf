package io.sppostream.events.catalogue;

import java.util.Locale;

/** A succession of weight versions with one writer. */
public enum ModelKind {
    POLICY,
    CRITIC;

    /** The line's name on the log. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The line of a name on the log. */
    public static ModelKind of(String id) {
        return valueOf(id.toUpperCase(Locale.ROOT));
    }
}
