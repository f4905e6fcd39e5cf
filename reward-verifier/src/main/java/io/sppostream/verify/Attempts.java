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
 * Has rollouts judged by attempts that may fail or hang, as {@link AttemptPolicy} says: so many at once, each with its
 * timeout, those that fail again after a wait, until a rollout has no attempt or no time left. It then gets the status
 * of its last attempt, INFRA_ERROR or TIMEOUT. Rollouts wait for their turn without a deadline.
 */
final class Attempts implements Judge {

    /** One attempt at a batch of rollouts. */
    interface Attempt extends AutoCloseable {
        /**
         * Begins to judge a batch, and returns at once.
         *
         * @param timeout when the result has to be there
         * @return a judgement a rollout, in their order; what it fails with, a LogException excepted, is a failed
         *     attempt at each
         */
        CompletableFuture<List<Judgement>> at(List<Rollout> batch, Duration timeout);

        @Override
        void close();
    }

    /** A rollout on its way to a judgement. Guarded by the lock of the whole. */
    private static final class Task {
        private final Rollout rollout;
        private final CompletableFuture<Judgement> judgement = new CompletableFuture<>();
        private int attempts;
        /** In nanoseconds of the monotonic clock; set when the first attempt begins. */
        private long deadline;

        private Task(Rollout rollout) {
            this.rollout = rollout;
        }
    }

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
     * Begins attempts while there are rollouts and room. One thread does so at a time, for all that ask it to: an attempt
     * that ends as it begins would otherwise begin the next one on top of its own stack.
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
            return CompletableFuture.completedFuture(timedOut(batch.size()));
        }
        try {
            return attempt.at(rollouts, Duration.ofNanos(timeout));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** An attempt at each of so many rollouts that took too long. */
    static List<Judgement> timedOut(int rollouts) {
        return Collections.nCopies(rollouts, Judgement.notJudged(VerdictStatus.TIMEOUT, "timeout"));
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
