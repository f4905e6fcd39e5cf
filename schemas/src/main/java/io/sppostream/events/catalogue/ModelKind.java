package io.sppostream.events.catalogue;

import java.util.Locale;

/** A trained model of a run: its weight versions form one sequence, which one learner writes. */
public enum ModelKind {
    POLICY,
    CRITIC;

    /** Name on the log: in topic names, and in events as {@code line}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The model that a name on the log stands for.
     *
     * @throws IllegalArgumentException if no model has that name
     */
    public static ModelKind of(String id) {
        return valueOf(id.toUpperCase(Locale.ROOT));
    }
}
