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
 * Calls a verifier on threads that it may hang. A call that takes too long is interrupted and abandoned: Java can't end
 * a thread, so another one takes its place, and the abandoned ones are counted. One that comes back is used again.
 */
final class VerifierThreads implements Attempts.Attempt {
    private static final Logger LOG = LoggerFactory.getLogger(VerifierThreads.class);

    /** So many threads that hang are a verifier to be mended, before they take the machine down. */
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

    /** Calls that were abandoned and have not come back. */
    int hanging() {
        return hanging.get();
    }

    @Override
    public CompletableFuture<List<Judgement>> at(List<Rollout> batch, Duration timeout) {
        if (hanging.get() >= MAX_HANGING) {
            return CompletableFuture.failedFuture(new LogException("verifier " + name + " hangs in " + MAX_HANGING
                    + " threads: mend it, then start again; nothing is lost"));
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

    /** A plugin's faults include classes it can't find: none of them is to reach the stream. */
    private Judgement judge(Rollout rollout) {
        try {
            Judgement judgement = verifier.judge(rollout);
            return judgement == null ? Judgement.failed(new NullPointerException()) : judgement;
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            return Judgement.failed(e);
        }
    }

    private void abandon(FutureTask<?> call, CompletableFuture<List<Judgement>> result, List<Rollout> batch) {
        // Counted first: the call may come back at any moment, and count itself off.
        int count = hanging.incrementAndGet();
        if (result.complete(Attempts.timedOut(batch.size())) && call.cancel(true)) {
            LOG.warn(
                    "verifier {} took too long for {}: {} calls hang",
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
