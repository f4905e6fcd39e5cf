package io.sppostream.run;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The first failure of the roles and the broker of this process, reported by any of their threads. */
final class Failure {
    private final CompletableFuture<Void> first = new CompletableFuture<>();

    void report(Throwable failure) {
        first.completeExceptionally(failure);
    }

    /** Throws the failure, if any. */
    void rethrow() {
        if (first.isCompletedExceptionally()) {
            try {
                first.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : e;
            }
        }
    }

    /** Waits for a failure and throws it; returns if there is none in time. */
    void await(Duration timeout) throws InterruptedException {
        try {
            first.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            rethrow();
        } catch (TimeoutException e) {
            // None so far.
        }
    }
}
