package io.sppostream.verify;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.log.LogException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AttemptsTest {
    private static final Judgement RIGHT = Judgement.correct("42", "equal");
    private static final Judgement GONE = Judgement.notJudged(VerdictStatus.INFRA_ERROR, "http-503");
    private static final Duration LONG = Duration.ofSeconds(30);

    private final List<RunningVerifier> judges = new ArrayList<>();

    /** Judges by a script and records the batches. */
    private static final class Scripted implements Attempts.Attempt {
        private final ConcurrentLinkedQueue<List<String>> batches = new ConcurrentLinkedQueue<>();
        private final Function<List<Rollout>, CompletableFuture<List<Judgement>>> script;

        private Scripted(Function<List<Rollout>, CompletableFuture<List<Judgement>>> script) {
            this.script = script;
        }

        @Override
        public CompletableFuture<List<Judgement>> at(List<Rollout> batch, Duration timeout) {
            batches.add(batch.stream().map(Rollout::getRequestId).toList());
            return script.apply(batch);
        }

        @Override
        public void close() {}
    }

    private static AttemptPolicy policy(int concurrency, int batchSize, int attempts) {
        return new AttemptPolicy(concurrency, batchSize, attempts, Duration.ofMillis(1), LONG, LONG);
    }

    private RunningVerifier judge(AttemptPolicy policy, Attempts.Attempt attempt) {
        RunningVerifier judge = new Attempts(policy, attempt);
        judges.add(judge);
        return judge;
    }

    private static List<CompletableFuture<Judgement>> ask(RunningVerifier judge, int rollouts) {
        return IntStream.range(0, rollouts)
                .mapToObj(i -> judge.judge(Rollouts.of("r-" + i, "addition", "42", "42", FinishReason.STOP)))
                .toList();
    }

    private static Judgement result(CompletableFuture<Judgement> judgement) throws Exception {
        return judgement.get(20, SECONDS);
    }

    @AfterEach
    void close() {
        judges.forEach(RunningVerifier::close);
    }

    @Test
    void shouldRetryWhenAnAttemptFailsAndReportTheLastStatusWhenNoneIsLeft() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Scripted third = new Scripted(
                batch -> CompletableFuture.completedFuture(List.of(calls.incrementAndGet() < 3 ? GONE : RIGHT)));

        assertThat(result(ask(judge(policy(1, 1, 3), third), 1).get(0))).isEqualTo(RIGHT);
        assertThat(calls).hasValue(3);

        calls.set(0);
        assertThat(result(ask(judge(policy(1, 1, 2), third), 1).get(0))).isEqualTo(GONE);
        assertThat(calls).hasValue(2);
    }

    @Test
    void shouldNotRetryWhenTheResponseWasJudged() throws Exception {
        Scripted wrong = new Scripted(batch ->
                CompletableFuture.completedFuture(List.of(Judgement.wrong(VerdictStatus.INCORRECT, "41", "equal"))));

        assertThat(result(ask(judge(policy(1, 1, 9), wrong), 1).get(0)).reward())
                .isZero();
        assertThat(wrong.batches).hasSize(1);
    }

    @Test
    void shouldRetryOnlyTheRolloutsThatFailedWhenTheyWereInABatch() throws Exception {
        Scripted failsFirst = new Scripted(batch -> CompletableFuture.completedFuture(batch.stream()
                .map(rollout -> rollout.getRequestId().equals("r-1") && batch.size() > 1 ? GONE : RIGHT)
                .toList()));
        CompletableFuture<List<Judgement>> hold = new CompletableFuture<>();
        AtomicInteger calls = new AtomicInteger();
        Scripted held = new Scripted(batch -> calls.getAndIncrement() == 0 ? hold : failsFirst.script.apply(batch));
        RunningVerifier judge = judge(policy(1, 3, 2), held);

        List<CompletableFuture<Judgement>> asked = ask(judge, 4);
        hold.complete(List.of(RIGHT));

        for (CompletableFuture<Judgement> one : asked) {
            assertThat(result(one)).isEqualTo(RIGHT);
        }
        assertThat(held.batches).containsExactly(List.of("r-0"), List.of("r-1", "r-2", "r-3"), List.of("r-1"));
    }

    @Test
    void shouldLimitConcurrencyWhenMoreRolloutsWait() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Scripted counting = new Scripted(batch -> CompletableFuture.supplyAsync(() -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            Thread.onSpinWait();
            now.decrementAndGet();
            return List.of(RIGHT);
        }));

        for (CompletableFuture<Judgement> one : ask(judge(policy(3, 1, 1), counting), 500)) {
            assertThat(result(one)).isEqualTo(RIGHT);
        }
        assertThat(most.get()).isBetween(1, 3);
    }

    @Test
    void shouldCountAnExceptionAsAFailedAttemptWhenItIsNotALogException() throws Exception {
        Scripted thrown = new Scripted(batch -> {
            throw new IllegalStateException("gone");
        });
        Scripted failed = new Scripted(batch -> CompletableFuture.failedFuture(new IOException("reset")));

        assertThat(result(ask(judge(policy(1, 1, 2), thrown), 1).get(0)))
                .isEqualTo(Judgement.notJudged(VerdictStatus.INFRA_ERROR, "threw-IllegalStateException"));
        assertThat(result(ask(judge(policy(1, 1, 2), failed), 1).get(0)))
                .isEqualTo(Judgement.notJudged(VerdictStatus.INFRA_ERROR, "threw-IOException"));
        assertThat(thrown.batches).hasSize(2);
    }

    @Test
    void shouldFailWhenAnAttemptThrowsALogException() {
        Scripted broken = new Scripted(batch -> CompletableFuture.failedFuture(new LogException("fix it")));

        // Enough to overflow the stack if an attempt started the next one on its own stack.
        for (CompletableFuture<Judgement> one : ask(judge(policy(1, 1, 1), broken), 50_000)) {
            assertThatThrownBy(() -> one.get(20, SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(LogException.class);
        }
    }

    @Test
    void shouldGiveUpWhenTheDeadlineIsBeforeTheNextAttempt() throws Exception {
        AttemptPolicy policy = new AttemptPolicy(
                1, 1, 1_000_000, Duration.ofMillis(5), Duration.ofMillis(100), Duration.ofMillis(100));
        Scripted gone = new Scripted(batch -> CompletableFuture.completedFuture(List.of(GONE)));

        assertThat(result(ask(judge(policy, gone), 1).get(0))).isEqualTo(GONE);
        assertThat(gone.batches.size()).isBetween(1, 30);
    }

    @Test
    void shouldKeepTheLastStatusWhenTheNextAttemptComesTooLate() throws Exception {
        Duration deadline = Duration.ofSeconds(1);
        AttemptPolicy policy = new AttemptPolicy(1, 1, 2, Duration.ofMillis(200), deadline, deadline);
        CompletableFuture<List<Judgement>> failed = new CompletableFuture<>();
        CompletableFuture<List<Judgement>> occupied = new CompletableFuture<>();
        Scripted gone = new Scripted(batch -> batch.get(0).getRequestId().equals("r-1") ? occupied : failed);

        // r-1 waits when r-0 fails, so it comes before r-0's next attempt, which has to back off first.
        List<CompletableFuture<Judgement>> asked = ask(judge(policy, gone), 2);
        failed.complete(List.of(GONE));
        long late = System.nanoTime() + deadline.toNanos();
        await().until(() -> System.nanoTime() > late);
        occupied.complete(List.of(RIGHT));

        assertThat(result(asked.get(1))).isEqualTo(RIGHT);
        assertThat(result(asked.get(0))).isEqualTo(GONE);
        assertThat(gone.batches).containsExactly(List.of("r-0"), List.of("r-1"));
    }

    @Test
    void shouldAbandonTheCallAndJudgeOtherRolloutsWhenAPluginHangs() throws Exception {
        CountDownLatch fixed = new CountDownLatch(1);
        Verifier hangs = new Verifier() {
            @Override
            public String name() {
                return "hangs";
            }

            @Override
            public String version() {
                return "1";
            }

            @Override
            public Judgement judge(Rollout rollout) {
                while (rollout.getRequestId().equals("r-0") && fixed.getCount() > 0) {
                    Thread.onSpinWait();
                }
                return RIGHT;
            }
        };
        VerifierThreads threads = new VerifierThreads("hangs", hangs);
        RunningVerifier judge =
                judge(new AttemptPolicy(1, 1, 2, Duration.ofMillis(1), Duration.ofMillis(30), LONG), threads);

        List<CompletableFuture<Judgement>> asked = ask(judge, 3);

        assertThat(result(asked.get(1))).isEqualTo(RIGHT);
        assertThat(result(asked.get(2))).isEqualTo(RIGHT);
        assertThat(result(asked.get(0)).status()).isEqualTo(VerdictStatus.TIMEOUT);
        assertThat(threads.hanging()).isEqualTo(2);
        fixed.countDown();
        await().atMost(LONG).until(() -> threads.hanging() == 0);
    }
}
