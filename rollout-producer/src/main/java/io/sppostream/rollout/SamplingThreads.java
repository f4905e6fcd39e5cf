package io.sppostream.rollout;

import io.sppostream.events.catalogue.RoleName;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;

/** Threads that share a batch of requests; the caller's thread is one of them. Thread-safe. */
public final class SamplingThreads implements AutoCloseable {
    private final int threads;
    private final ExecutorService helpers;

    /** @param threads that share each batch, its caller's included */
    public SamplingThreads(int threads) {
        this.threads = threads;
        // As many as are needed: several callers may share batches at the same time.
        this.helpers = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, RoleName.ROLLOUT_PRODUCER + "#sampling");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The threads that share each batch. */
    int count() {
        return threads;
    }

    /**
     * Applies a function to contiguous parts of a list, one for each thread, and waits for all of them.
     *
     * @param function of a part; returns a result for each of its elements, in order
     * @return the results in the order of the list
     */
    <T, R> List<R> map(List<T> all, Function<List<T>, List<R>> function) {
        int parts = Math.max(1, Math.min(threads, all.size()));
        List<CompletableFuture<List<R>>> others = new ArrayList<>();
        for (int part = 1; part < parts; part++) {
            List<T> elements = part(all, part, parts);
            others.add(CompletableFuture.supplyAsync(() -> function.apply(elements), helpers));
        }
        List<R> results = new ArrayList<>(all.size());
        try {
            results.addAll(function.apply(part(all, 0, parts)));
        } finally {
            // Whatever happens, nobody works on the list any more when this method returns.
            others.forEach(SamplingThreads::awaitEnd);
        }
        for (CompletableFuture<List<R>> other : others) {
            results.addAll(result(other));
        }
        return results;
    }

    /** Passes contiguous parts of a list to a consumer, one for each thread, and waits for all of them. */
    <T> void forEach(List<T> all, Consumer<List<T>> consumer) {
        map(all, part -> {
            consumer.accept(part);
            return List.of();
        });
    }

    private static <T> List<T> part(List<T> all, int part, int parts) {
        return all.subList((int) ((long) all.size() * part / parts), (int) ((long) all.size() * (part + 1) / parts));
    }

    private static void awaitEnd(CompletableFuture<?> work) {
        work.handle((result, failure) -> null).join();
    }

    private static <R> R result(CompletableFuture<R> work) {
        try {
            return work.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        helpers.shutdown();
    }
}
