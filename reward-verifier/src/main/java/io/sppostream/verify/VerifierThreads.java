package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.log.LogException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls a verifier on threads of its own. A call that takes too long is interrupted and abandoned. Java cannot end a
 * thread, so another thread takes its place, and abandoned threads are counted until they return.
 */
final class VerifierThreads implements Attempts.Attempt {
    private static final Logger LOG = LoggerFactory.getLogger(VerifierThreads.class);

    /** Most hanging threads before the verifier fails for good, so that it does not exhaust the machine. */
    private static final int MAX_HANGING = 64;

    private final String name;
    private final Verifier verifier;
    private final ExecutorService threads;
    private final ScheduledThreadPoolExecutor watch;
    private final AtomicInteger hanging = new AtomicInteger();

    VerifierThreads(String name, Verifier verifier) {
        this.name = name;
        this.verifier = verifier;
        ThreadFactory factory = task -> {
            Thread thread = new Thread(task, "verifier " + name);
            thread.setDaemon(true);
            return thread;
        };
        threads = Executors.newCachedThreadPool(factory);
        watch = new ScheduledThreadPoolExecutor(1, factory);
        watch.setRemoveOnCancelPolicy(true);
    }

    /** Number of abandoned calls that have not returned. */
    int hanging() {
        return hanging.get();
    }

    @Override
    public CompletableFuture<List<Judgement>> at(List<Rollout> batch, Duration timeout) {
        if (hanging.get() >= MAX_HANGING) {
            return CompletableFuture.failedFuture(new LogException("verifier " + name + " hangs in " + MAX_HANGING
                    + " threads: fix it, then restart; nothing is lost"));
        }
        CompletableFuture<List<Judgement>> result = new CompletableFuture<>();
        FutureTask<?> call = new FutureTask<>(
                () -> result.complete(batch.stream().map(this::judge).toList()));
        threads.execute(() -> {
            call.run();
            if (call.isCancelled()) {
                hanging.decrementAndGet();
            }
        });
        Future<?> guard = watch.schedule(() -> abandon(call, result, batch), timeout.toNanos(), TimeUnit.NANOSECONDS);
        result.whenComplete((judgements, error) -> guard.cancel(false));
        return result;
    }

    /** Catches every fault of a plugin, a class that it cannot find included. */
    private Judgement judge(Rollout rollout) {
        try {
            Judgement judgement = verifier.judge(rollout);
            return judgement == null ? Judgement.failed(new NullPointerException()) : judgement;
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            return Judgement.failed(e);
        }
    }

    private void abandon(FutureTask<?> call, CompletableFuture<List<Judgement>> result, List<Rollout> batch) {
        // Counted first: the call may return at any moment and decrement the count.
        int count = hanging.incrementAndGet();
        if (result.complete(Attempts.timedOut(batch.size())) && call.cancel(true)) {
            LOG.warn(
                    "verifier {} took too long for rollout {}: {} calls hang",
                    name,
                    batch.get(0).getRolloutId(),
                    count);
        } else {
            hanging.decrementAndGet();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        watch.shutdownNow();
    }
}
