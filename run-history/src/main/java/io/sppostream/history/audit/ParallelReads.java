package io.sppostream.history.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.common.errors.InterruptException;

/** Runs several readers of the log in parallel. */
final class ParallelReads {
    private ParallelReads() {}

    /** Runs each reader in a thread of its own, and waits for all; rethrows the exception of the first that failed. */
    static void run(List<? extends Runnable> readers) {
        ExecutorService threads = Executors.newFixedThreadPool(readers.size());
        try {
            List<Future<?>> running = new ArrayList<>();
            readers.forEach(reader -> running.add(threads.submit(reader)));
            for (Future<?> each : running) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } finally {
            threads.shutdownNow();
        }
    }
}
