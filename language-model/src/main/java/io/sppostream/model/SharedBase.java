package io.sppostream.model;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A base model that models with adapters share: loaded with the first of them and closed with the last. Nothing changes
 * its weights. Thread-safe.
 */
final class SharedBase {

    private final Supplier<Transformer> load;
    private @Nullable Transformer base;
    private int users;

    SharedBase(Supplier<Transformer> load) {
        this.load = load;
    }

    /** The base model, for one more user. */
    synchronized Transformer acquire() {
        Transformer acquired = base == null ? load.get() : base;
        base = acquired;
        users++;
        return acquired;
    }

    /** Ends a use. */
    synchronized void release() {
        users--;
        if (users == 0 && base != null) {
            base.close();
            base = null;
        }
    }
}
