package io.sppostream.cli;

import io.sppostream.log.loop.StalledException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Ctrl-C: what is committed stays, and roles and broker stop in order while the process waits for them. Nothing else
 * but an error ends them: when the machine has slept, they are started again.
 */
final class StopRequest {
    private static final int INTERRUPTED = 130;
    private static final long PATIENCE_SECONDS = 60;

    private StopRequest() {}

    /** What a command does until it is done or asked to stop. */
    @FunctionalInterface
    interface Job {
        void run(BooleanSupplier stopRequested) throws InterruptedException;
    }

    /** Does a job; returns the command's exit code. */
    static int obeying(Job job) throws InterruptedException {
        AtomicBoolean requested = new AtomicBoolean();
        CountDownLatch done = new CountDownLatch(1);
        // The hook stays when the job is done, and then has nothing to wait for.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            requested.set(true);
            try {
                done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try {
            awake(job, requested::get);
        } finally {
            done.countDown();
        }
        return requested.get() ? INTERRUPTED : 0;
    }

    private static void awake(Job job, BooleanSupplier stopRequested) throws InterruptedException {
        while (true) {
            try {
                job.run(stopRequested);
                return;
            } catch (StalledException e) {
                System.out.println(e.getMessage());
                if (stopRequested.getAsBoolean()) {
                    return;
                }
            }
        }
    }
}
