package io.sppostream.cli;

import io.sppostream.log.Redactor;
import io.sppostream.log.loop.StalledException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Ctrl-C. Committed steps stay on the log. Roles discard what they work on, at the next token or micro-batch, and stop
 * before their broker; the process waits for them. Only an error ends them otherwise: when the machine has slept, they
 * are started again.
 */
final class StopRequest {
    private static final int INTERRUPTED = 130;

    /** Container engines kill a process 30 s after they have asked it to stop. */
    private static final long STOP_SECONDS = 28;


    private StopRequest() {}

    /** The work of a command until it is done or asked to stop. */
    @FunctionalInterface
    interface Job {
        void run(BooleanSupplier stopRequested) throws InterruptedException;
    }

    /** Does a job; returns the command's exit code. */
    static int obeying(Job job) throws InterruptedException {
        return obeying(job, "");
    }

    /**
     * Does a job; returns the command's exit code.
     *
     * @param resumeCommand printed after the job if it was asked to stop; empty for none
     */
    static int obeying(Job job, String resumeCommand) throws InterruptedException {
        AtomicBoolean requested = new AtomicBoolean();
        CountDownLatch done = new CountDownLatch(1);
        // The hook stays when the job is done, and then has nothing to wait for.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (done.getCount() == 0) {
                return;
            }
            requested.set(true);
            System.out.println(System.lineSeparator()
                    + "stopping: committed steps stay on the log, work in progress is discarded ...");
            try {
                done.await(STOP_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try {
            runAgainWhenStalled(job, requested::get);
            if (requested.get() && !resumeCommand.isEmpty()) {
                System.out.println("resume with: " + resumeCommand);
            }
        } finally {
            done.countDown();
        }
        return requested.get() ? INTERRUPTED : 0;
    }

    private static void runAgainWhenStalled(Job job, BooleanSupplier stopRequested) throws InterruptedException {
        while (true) {
            try {
                job.run(stopRequested);
                return;
            } catch (StalledException e) {
                System.out.println(Redactor.text(String.valueOf(e.getMessage())));
                if (stopRequested.getAsBoolean()) {
                    return;
                }
            }
        }
    }
}
