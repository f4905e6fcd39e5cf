package io.sppostream.embedded;

import org.jspecify.annotations.Nullable;

/** The embedded broker or registry has failed. The message says in one line what is wrong, where, and what to do. */
public final class EmbeddedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public EmbeddedException(String message) {
        super(message);
    }

    public EmbeddedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
