package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.log.EventRecord;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.verify.Verifiers.Duty;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
 * The role of one verifier that takes its time, is not ours, or is somewhere else: rollouts -> verdicts, beside the
 * stream of {@link RewardVerifier} and in a consumer group of its own, so that it holds back nothing but what waits for
 * its verdicts. Many rollouts are judged at once. What is done is published in the order of the log, and committed in
 * one transaction with the offsets up to the first rollout that is not done: after a crash those are judged again, and
 * no verdict is published twice. Start more processes, up to the number of partitions, to judge more.
 */
public final class AsyncVerifier implements AutoCloseable {
    private static final Duration TICK = Duration.ofMillis(20);

    /** A rollout that is slow holds back what comes after it: so many times what is judged at once may be waiting. */
    private static final int WINDOW = 16;

    private final RunLog runLog;
    private final Verifiers verifiers;
    private final ConfiguredVerifier verifier;
    private final Path stateDirectory;
    private final Clock clock;
    private final Map<TopicPartition, Deque<Pending>> pending = new HashMap<>();
    private final RoleThread thread;

    /**
     * A rollout that was polled and not yet published.
     *
     * @param judgement null where the verifier has nothing to do with its dataset
     */
    private record Pending(
            EventRecord<?> received,
            boolean shadow,
            @Nullable CompletableFuture<Judgement> judgement) {
        boolean done() {
            return judgement == null || judgement.isDone();
        }
    }

    /**
     * Starts the role.
     *
     * @param verifiers say for which datasets the verifier judges
     * @param stateDirectory where it keeps what it is called in its group
     * @param onFailure told what stopped the role, if anything did
     */
    public AsyncVerifier(
            RunLog runLog,
            Verifiers verifiers,
            ConfiguredVerifier verifier,
            Path stateDirectory,
            Clock clock,
            Consumer<Throwable> onFailure) {
        KafkaSettings kafka =
                runLog.kafka().with("max.poll.records", Integer.toString(Math.min(500, 4 * atOnce(verifier.policy()))));
        this.runLog = new RunLog(kafka, runLog.serdes(), runLog.topics());
        this.verifiers = verifiers;
        this.verifier = verifier;
        this.stateDirectory = stateDirectory;
        this.clock = clock;
        this.thread = new RoleThread(RoleName.REWARD_VERIFIER + "#" + verifier.name(), this::run, onFailure);
    }

    private static int atOnce(AttemptPolicy policy) {
        return policy.concurrency() * policy.batchSize();
    }

    private void run(BooleanSupplier running) {
        String role = RoleName.REWARD_VERIFIER + "." + verifier.name();
        try (Judge judge = verifier.judge();
                ExactlyOnceLog log = ExactlyOnceLog.shared(
                        runLog, role, stateDirectory, List.of(runLog.topics().rollouts()))) {
            while (running.getAsBoolean()) {
                if (waiting() < WINDOW * atOnce(verifier.policy())) {
                    log.resume();
                } else {
                    log.pause();
                }
                for (EventRecord<?> received : log.poll(TICK)) {
                    take(received, judge);
                }
                pending.keySet().retainAll(log.assignment());
                boolean moved = publish(log);
                if (moved || log.uncommitted()) {
                    log.commit(heads());
                }
            }
        }
    }

    private int waiting() {
        return pending.values().stream().mapToInt(Deque::size).sum();
    }

    private void take(EventRecord<?> received, Judge judge) {
        Deque<Pending> queue = pending.computeIfAbsent(
                new TopicPartition(received.topic(), received.partition()), partition -> new ArrayDeque<>());
        // A partition that was lost and came back is read again from what is committed.
        if (!queue.isEmpty() && queue.getLast().received().offset() >= received.offset()) {
            queue.clear();
        }
        Rollout rollout = (Rollout) received.event();
        Duty duty = verifiers.duty(verifier, rollout.getDataset()).orElse(null);
        queue.addLast(
                duty == null
                        ? new Pending(received, false, null)
                        : new Pending(received, duty.shadow(), judge.judge(rollout)));
    }

    /** Writes the verdicts that are ready and have none before them that is not; returns whether there were any. */
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
            Rollout rollout = (Rollout) done.received().event();
            Judgement judgement = judgement(done.judgement());
            log.send(
                    runLog.topics().verdicts(),
                    rollout.getRequestId(),
                    verifier.sign(rollout, judgement, done.shadow(), clock.instant()));
        }
    }

    private static Judgement judgement(CompletableFuture<Judgement> done) {
        try {
            return done.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof LogException reason ? reason : e;
        }
    }

    /** The first of each partition that is not published. */
    private List<EventRecord<?>> heads() {
        List<EventRecord<?>> heads = new ArrayList<>();
        for (Deque<Pending> queue : pending.values()) {
            if (!queue.isEmpty()) {
                heads.add(queue.getFirst().received());
            }
        }
        return heads;
    }

    @Override
    public void close() {
        thread.close();
    }
}
