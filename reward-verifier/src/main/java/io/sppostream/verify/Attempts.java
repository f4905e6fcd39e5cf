package io.sppostream.verify;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.log.LogException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Judges rollouts by attempts that may fail or hang, under an {@link AttemptPolicy}. A failed attempt is repeated after
 * a wait until the rollout has no attempts or no time left. The rollout then gets the status of its last attempt,
 * INFRA_ERROR or TIMEOUT. Time spent in the queue before the first attempt does not count.
 */
final class Attempts implements RunningVerifier {

    /** One attempt at a batch of rollouts. */
    interface Attempt extends AutoCloseable {
        /**
         * Starts to judge a batch and returns immediately.
         *
         * @param timeout time for the whole batch
         * @return one judgement per rollout, in order; an exception is a failed attempt at each rollout, except a
         *     LogException, which fails the judgements
         */
        CompletableFuture<List<Judgement>> at(List<Rollout> batch, Duration timeout);

        @Override
        void close();
    }

    /** A rollout without a judgement yet. Guarded by the lock of this object. */
    private static final class Task {
        private final Rollout rollout;
        private final CompletableFuture<Judgement> judgement = new CompletableFuture<>();
        private int attempts;
        /** Of the last attempt; a rollout that had none times out. */
        private Judgement last = TIMED_OUT;
        /** In nanoseconds of {@link System#nanoTime}; set when the first attempt starts. */
        private long deadline;

        private Task(Rollout rollout) {
            this.rollout = rollout;
        }
    }

    private static final Judgement TIMED_OUT = Judgement.notJudged(VerdictStatus.TIMEOUT, "timeout");

    private final AttemptPolicy policy;
    private final Attempt attempt;
    private final ScheduledExecutorService timer = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "verifier-backoff");
        thread.setDaemon(true);
        return thread;
    });
    private final Deque<Task> waiting = new ArrayDeque<>();
    private final AtomicInteger asked = new AtomicInteger();
    private int underWay;
    private boolean closed;

    Attempts(AttemptPolicy policy, Attempt attempt) {
        this.policy = policy;
        this.attempt = attempt;
    }

    @Override
    public CompletableFuture<Judgement> judge(Rollout rollout) {
        Task task = new Task(rollout);
        synchronized (this) {
            waiting.addLast(task);
        }
        begin();
        return task.judgement;
    }

    /**
     * Starts attempts while rollouts wait and the concurrency allows. Only one thread at a time does so, also on behalf
     * of the others. Otherwise an attempt that completes immediately would start the next one on its own stack.
     */
    private void begin() {
        if (asked.getAndIncrement() > 0) {
            return;
        }
        int seen = 1;
        while (seen > 0) {
            for (List<Task> batch = nextBatch(); !batch.isEmpty(); batch = nextBatch()) {
                List<Task> tasks = batch;
                begin(tasks).whenComplete((judgements, error) -> end(tasks, judgements, error));
            }
            seen = asked.addAndGet(-seen);
        }
    }

    private synchronized List<Task> nextBatch() {
        List<Task> batch = new ArrayList<>();
        if (!closed && underWay < policy.concurrency()) {
            while (batch.size() < policy.batchSize() && !waiting.isEmpty()) {
                batch.add(waiting.removeFirst());
            }
        }
        underWay += batch.isEmpty() ? 0 : 1;
        return batch;
    }

    private CompletableFuture<List<Judgement>> begin(List<Task> batch) {
        long now = System.nanoTime();
        long timeout = policy.timeout().toNanos();
        List<Rollout> rollouts = new ArrayList<>(batch.size());
        synchronized (this) {
            for (Task task : batch) {
                if (task.attempts++ == 0) {
                    task.deadline = now + policy.deadline().toNanos();
                }
                timeout = Math.min(timeout, task.deadline - now);
                rollouts.add(task.rollout);
            }
        }
        if (timeout <= 0) {
            // A busy machine began this attempt too late. What the last one said stands.
            return CompletableFuture.completedFuture(
                    batch.stream().map(task -> task.last).toList());
        }
        try {
            return attempt.at(rollouts, Duration.ofNanos(timeout));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** The judgements of a batch whose attempt took too long. */
    static List<Judgement> timedOut(int rollouts) {
        return Collections.nCopies(rollouts, TIMED_OUT);
    }

    private void end(List<Task> batch, @Nullable List<Judgement> judgements, @Nullable Throwable error) {
        synchronized (this) {
            underWay--;
        }
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        for (int i = 0; i < batch.size(); i++) {
            Task task = batch.get(i);
            if (cause instanceof LogException) {
                task.judgement.completeExceptionally(cause);
            } else {
                settle(task, judgements == null ? Judgement.failed(requireNonNull(cause)) : judgements.get(i));
            }
        }
        begin();
    }

    private void settle(Task task, Judgement judgement) {
        long wait;
        synchronized (this) {
            task.last = judgement;
            wait = (long) (policy.backoff().toNanos()
                    * Math.pow(2, task.attempts - 1)
                    * ThreadLocalRandom.current().nextDouble(0.5, 1.5));
            if (!judgement.mayBeTriedAgain()
                    || closed
                    || task.attempts >= policy.attempts()
                    || System.nanoTime() + wait >= task.deadline) {
                wait = -1;
            }
        }
        if (wait < 0) {
            task.judgement.complete(judgement);
        } else {
            timer.schedule(() -> again(task), wait, TimeUnit.NANOSECONDS);
        }
    }

    private void again(Task task) {
        synchronized (this) {
            waiting.addFirst(task);
        }
        begin();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        timer.shutdownNow();
        attempt.close();
    }
}
