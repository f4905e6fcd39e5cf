package io.sppostream.model;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A base model that models with adapters share: loaded with the first of them and closed with the last. Nothing changes
 * its weights. Thread-safe.
 */
final class SharedBase {

    private final Supplier<Transformer> load;
    private final Supplier<String> hash;
    private @Nullable Transformer base;
    private @Nullable String sha256;
    private int users;

    /** @param hash computes {@link #sha256} */
    SharedBase(Supplier<Transformer> load, Supplier<String> hash) {
        this.load = load;
        this.hash = hash;
    }

    /** SHA-256, in hexadecimal, of the base model's weights as a {@code model.safetensors} in F32. */
    synchronized String sha256() {
        if (sha256 == null) {
            sha256 = hash.get();
        }
        return sha256;
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
