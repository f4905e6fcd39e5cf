package io.sppostream.history.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.common.errors.InterruptException;

/** Several readings of the log at once. */
final class Parallel {
    private Parallel() {}

    /** Runs them all, a thread each, and waits; throws what the first that failed threw. */
    static void run(List<? extends Runnable> readings) {
        ExecutorService threads = Executors.newFixedThreadPool(readings.size());
        try {
            List<Future<?>> running = new ArrayList<>();
            readings.forEach(reading -> running.add(threads.submit(reading)));
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
