package io.sppostream.log.loop;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Runs a role's loop in its own thread until it is closed or fails. Thread-safe. */
public final class RoleThread implements AutoCloseable {
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    /** A loop that checks {@code running} at least every few hundred milliseconds, and ends when it is false. */
    @FunctionalInterface
    public interface Loop {
        void run(BooleanSupplier running) throws Exception;
    }

    private final Thread thread;
    private volatile boolean running = true;

    /**
     * Starts the loop.
     *
     * @param name name of the thread; reports show the part before the first {@code #} as the role
     * @param onFailure receives the exception that ended the loop
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
        // Sampling a response may take minutes. The process need not wait: it is sampled again after a restart.
        thread.setDaemon(true);
        thread.start();
    }

    /** Asks the loop to end, without waiting for it. */
    public void stop() {
        running = false;
    }

    /** Asks the loop to end and waits up to 10 s for it; a later start resumes from its last commit. */
    @Override
    public void close() {
        stop();
        try {
            thread.join(STOP_TIMEOUT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
