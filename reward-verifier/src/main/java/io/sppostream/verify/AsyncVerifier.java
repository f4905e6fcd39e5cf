package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.loop.RunningRole;
import io.sppostream.verify.Verifiers.Assignment;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The role that runs one asynchronous verifier, a plugin or an HTTP service: rollouts -> verdicts. It has a consumer
 * group of its own, so that a slow verifier delays only the rollouts that wait for its verdicts. It judges many rollouts
 * at once and publishes their verdicts in the order of the log. Each transaction commits verdicts together with the
 * offset of the first rollout without a verdict. After a crash the role judges again from that offset and publishes no
 * verdict twice. To scale out, start more processes, up to the number of partitions.
 */
public final class AsyncVerifier implements RunningRole {
    private static final Duration TICK = Duration.ofMillis(20);

    /**
     * Most rollouts in memory, as a multiple of those judged at once. A slow rollout delays the verdicts of those after
     * it, which stay in memory meanwhile.
     */
    private static final int WINDOW = 16;

    private final RunLog runLog;
    private final Verifiers verifiers;
    private final ConfiguredVerifier verifier;
    private final Path stateDirectory;
    private final Clock clock;
    private final Map<TopicPartition, Deque<Pending>> pending = new HashMap<>();
    private final RoleThread thread;
    private volatile @Nullable ExactlyOnceLog joined;

    /**
     * A rollout that was polled and whose verdict is not published yet.
     *
     * @param judgement null if the rollout is invalid, or the verifier does not judge its dataset
     */
    private record Pending(
            EventRecord<?> record, boolean shadow, @Nullable CompletableFuture<Judgement> judgement) {
        boolean done() {
            return judgement == null || judgement.isDone();
        }
    }

    /**
     * Starts the role.
     *
     * @param verifiers say which datasets the verifier judges
     * @param stateDirectory where the role keeps its name in the consumer group
     * @param onFailure receives the error that stopped the role, if one did
     */
    public AsyncVerifier(
            RunLog runLog,
            Verifiers verifiers,
            ConfiguredVerifier verifier,
            Path stateDirectory,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.runLog = runLog.withPollLimit(Math.min(500, 4 * atOnce(verifier.policy())));
        this.verifiers = verifiers;
        this.verifier = verifier;
        this.stateDirectory = stateDirectory;
        this.clock = clock;
        this.thread = new RoleThread(RoleName.REWARD_VERIFIER + "#" + verifier.name(), this::run, onFailure);
    }

    /** The role of an asynchronous verifier, which names its consumer group. */
    public static String role(String verifier) {
        return RoleName.REWARD_VERIFIER + "." + verifier;
    }

    private static int atOnce(AttemptPolicy policy) {
        return policy.concurrency() * policy.batchSize();
    }

    private void run(BooleanSupplier running) {
        int atOnce = atOnce(verifier.policy());
        try (RunningVerifier judge = verifier.start();
                ExactlyOnceLog log = ExactlyOnceLog.shared(
                        runLog,
                        role(verifier.name()),
                        stateDirectory,
                        List.of(runLog.topics().rollouts()),
                        this::discard)) {
            joined = log;
            while (running.getAsBoolean()) {
                if (waiting() < WINDOW * atOnce) {
                    log.resume();
                } else {
                    log.pause();
                }
                for (EventRecord<?> record : log.poll(TICK)) {
                    take(record, judge);
                }
                boolean moved = publish(log);
                if (moved || log.uncommitted()) {
                    log.commit(heads());
                }
            }
        }
    }

    /**
     * Drops what waits of partitions that a rebalance takes away. If one is assigned again, even in the same poll, it is
     * read again from the committed offset.
     */
    private void discard(Collection<TopicPartition> revoked) {
        pending.keySet().removeAll(revoked);
    }

    private int waiting() {
        return pending.values().stream().mapToInt(Deque::size).sum();
    }

    private void take(EventRecord<?> record, RunningVerifier judge) {
        Deque<Pending> queue = pending.computeIfAbsent(
                new TopicPartition(record.topic(), record.partition()), partition -> new ArrayDeque<>());
        Rollout rollout = (Rollout) record.event();
        Assignment assignment = RolloutRules.violation(rollout) != null
                ? null
                : verifiers.assignment(verifier, rollout.getDataset()).orElse(null);
        queue.addLast(
                assignment == null
                        ? new Pending(record, false, null)
                        : new Pending(record, assignment.shadow(), judge.judge(rollout)));
    }

    /** Writes, by partition, the verdicts up to the first that is not ready. Returns whether there were any. */
    private boolean publish(ExactlyOnceLog log) {
        boolean moved = false;
        for (Deque<Pending> queue : pending.values()) {
            while (!queue.isEmpty() && queue.getFirst().done()) {
                publish(log, queue.removeFirst());
                moved = true;
            }
        }
        return moved;
    }

    private void publish(ExactlyOnceLog log, Pending done) {
        if (done.judgement() != null) {
            Rollout rollout = (Rollout) done.record().event();
            Judgement judgement = judgement(done.judgement());
            Verdict verdict = verifier.sign(rollout, judgement, done.shadow(), clock.instant());
            log.send(runLog.topics().verdicts(), rollout.getRequestId(), verdict);
            runLog.serdes().observer().judged(rollout, verdict);
        }
    }

    private static Judgement judgement(CompletableFuture<Judgement> done) {
        try {
            return done.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof LogException reason ? reason : e;
        }
    }

    /** The first record of each partition whose verdict is not published. */
    private List<EventRecord<?>> heads() {
        List<EventRecord<?>> heads = new ArrayList<>();
        for (Deque<Pending> queue : pending.values()) {
            if (!queue.isEmpty()) {
                heads.add(queue.getFirst().record());
            }
        }
        return heads;
    }

    @Override
    public Map<String, Readiness> readiness() {
        ExactlyOnceLog log = joined;
        return Map.of(role(verifier.name()), log == null ? new Readiness(false, "starting") : log.membership());
    }

    @Override
    public void close() {
        thread.close();
    }
}
