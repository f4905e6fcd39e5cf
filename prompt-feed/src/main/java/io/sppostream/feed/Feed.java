package io.sppostream.feed;

import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventWriter;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.RoleThread;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * dataset -> prompts. Releases the dataset's problems, epoch after epoch in the seed's order, as {@link Pacing} admits
 * them. Each prompt carries the policy version that was current at its release as the oldest that may answer it; so a
 * sample that is trained in the order of release lags by K versions at most. While the learner pauses none is released:
 * where samples expire for want of a verifier, each would make room for another. Counters live on the log: a feed that is
 * started again goes on where the last one ended.
 */
public final class Feed implements AutoCloseable {
    private final RunLog runLog;
    private final String dataset;
    private final EpochOrder order;
    private final Pacing pacing;
    private final Clock clock;
    private final Outcomes outcomes = new Outcomes();
    private final RoleThread thread;

    /**
     * Starts the role.
     *
     * @param seed orders the problems
     * @param onFailure told what stopped the role, if anything did
     */
    public Feed(RunLog runLog, Dataset dataset, long seed, Pacing pacing, Clock clock, Consumer<Throwable> onFailure) {
        this.runLog = runLog;
        this.dataset = dataset.name();
        this.order = new EpochOrder(dataset, seed);
        this.pacing = pacing;
        this.clock = clock;
        this.thread = new RoleThread(RoleName.FEED, this::run, onFailure);
    }

    private void run(BooleanSupplier running) {
        try (EventReader news = runLog.following(List.of(
                        runLog.topics().trainingSteps(),
                        runLog.topics().expired(),
                        runLog.topics().learnerStates()));
                EventWriter writer = runLog.writer()) {
            news.seek(runLog.topics().trainingSteps(), 0, takeLastSteps());
            news.pollToEnd().forEach(this::take);
            LastRelease last = LastRelease.of(lastReleased(), pacing.mostUnderWay());
            last.missing().forEach(index -> release(index, writer));
            long released = last.released();
            while (running.getAsBoolean()) {
                long until = released + (outcomes.paused() ? 0 : pacing.allowance(released, outcomes.counts()));
                for (; released < until; released++) {
                    release(released, writer);
                }
                writer.flush();
                news.poll(Duration.ofMillis(200)).forEach(this::take);
            }
        }
    }

    /** Takes in the last step of each line; returns where the ledger goes on. */
    private long takeLastSteps() {
        try (EventReader log = runLog.reader(List.of(runLog.topics().trainingSteps()))) {
            long end = log.end(runLog.topics().trainingSteps(), 0);
            log.last(runLog.topics().trainingSteps(), 0, end, Feed::hasBothLines)
                    .forEach(this::take);
            return end;
        }
    }

    private void take(EventRecord<?> received) {
        outcomes.take(received.event());
    }

    private static boolean hasBothLines(List<EventRecord<?>> steps) {
        return steps.stream()
                        .map(received -> ((TrainingStep) received.event()).getLine())
                        .distinct()
                        .count()
                == ModelKind.values().length;
    }

    /** The indices of the last prompts of each partition, as many as the largest release has. */
    private NavigableSet<Long> lastReleased() {
        NavigableSet<Long> indices = new TreeSet<>();
        try (EventReader log = runLog.reader(List.of(runLog.topics().prompts()))) {
            for (int partition = 0; partition < runLog.topics().partitions(); partition++) {
                long end = log.end(runLog.topics().prompts(), partition);
                log.last(runLog.topics().prompts(), partition, end, prompts -> prompts.size() >= pacing.mostUnderWay())
                        .forEach(received -> RequestIds.index(received.key()).ifPresent(indices::add));
            }
        }
        return indices;
    }

    private void release(long index, EventWriter writer) {
        Prompt prompt = prompt(index);
        writer.send(runLog.topics().prompts(), prompt.getRequestId(), prompt);
    }

    private Prompt prompt(long index) {
        return order.at(index).toPrompt(requestId(index), dataset, outcomes.policyVersion(), clock.instant());
    }

    /** The id of the index-th request of a feed, counting from 0: ids sort in the order of release. */
    public static String requestId(long index) {
        return RequestIds.of(index);
    }

    @Override
    public void close() {
        thread.close();
    }
}
