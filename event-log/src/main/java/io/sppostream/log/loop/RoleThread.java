package io.sppostream.log.loop;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Runs a role's loop in a thread of its own, until it is closed or fails. */
public final class RoleThread implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** A loop that looks at {@code running} at least every few hundred milliseconds and ends when it is false. */
    @FunctionalInterface
    public interface Loop {
        void run(BooleanSupplier running) throws Exception;
    }

    private final Thread thread;
    private volatile boolean running = true;

    /**
     * Starts the loop.
     *
     * @param name name of the thread; the part before the first {@code #} is the role in reports
     * @param onFailure told of the exception that ended the loop
     */
    public RoleThread(String name, Loop loop, Consumer<Throwable> onFailure) {
        thread = new Thread(
                () -> {
                    try {
                        loop.run(() -> running);
                    } catch (Throwable e) {
                        if (running) {
                            onFailure.accept(e);
                        }
                    }
                },
                name);
        // A response may take minutes to sample: the process does not wait for what will be sampled again.
        thread.setDaemon(true);
        thread.start();
    }

    /** Asks the loop to end, without waiting for it. */
    public void stop() {
        running = false;
    }

    /** Asks the loop to end and waits for it, though not for long: what it has not committed is read again. */
    @Override
    public void close() {
        stop();
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
