package io.sppostream.feed;

import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.loop.RunningRole;
import io.sppostream.log.loop.TakenOverException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * dataset -> prompts. Releases the problems of a dataset, epoch after epoch in an order given by the seed, as {@link
 * Pacing} admits them. Each prompt names the policy version that is current at its release as the oldest that may
 * respond to it, and the critic version as the oldest that may score it, so a sample that is trained in the order of
 * release lags by at most K versions. While the learner pauses, the feed releases nothing: otherwise samples that
 * expire because a verifier fails would each make room for another. All counters are read from the log, so a restarted
 * feed resumes where the previous one ended; it keeps one bit of each rollout that has expired.
 *
 * <p>The role is the only one that releases the dataset's prompts, or those of its {@link FeedShard}. Each release is a
 * transaction. A second instance fences the first, which stops at its next release, and resumes after the last release that
 * was committed. Thread-safe.
 *
 * <p>Feeds of several shards need not know of each other. Which prompts may be released follows from the counts on the log,
 * whoever has released those before; and prompts that another shard has not released yet take their room.
 */
public final class Feed implements RunningRole {
    /** What the feed does not use of the records that it follows. */
    private static final Set<String> UNUSED = Set.of("TrainingStep.samples", "TrainingStep.metrics", "Expired.detail");

    private static final Logger LOG = LoggerFactory.getLogger(Feed.class);

    private final RunLog runLog;
    private final String dataset;
    private final EpochOrder order;
    private final FeedShard shard;
    private final FeedSettings settings;
    private final Pacing pacing;
    private final Clock clock;
    private final FeedProgress progress;
    private final RoleThread thread;
    private volatile boolean resumed;
    private volatile boolean yielded;

    /**
     * Starts the role.
     *
     * @param shard the datasets whose prompts it releases
     * @param onFailure receives the exception that stopped the role
     */
    public Feed(
            RunLog runLog,
            Dataset dataset,
            FeedShard shard,
            FeedSettings settings,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.runLog = runLog;
        this.dataset = dataset.name();
        this.order = new EpochOrder(dataset, settings.seed());
        this.shard = shard;
        this.settings = settings;
        this.pacing = settings.pacing();
        this.progress = new FeedProgress(settings.samples(), settings.hasCritic());
        this.clock = clock;
        this.thread = new RoleThread(shard.role(), this::run, onFailure);
    }

    private void run(BooleanSupplier running) {
        try {
            feed(running);
        } catch (TakenOverException e) {
            if (!shard.yields()) {
                throw e;
            }
            yielded = true;
            LOG.info("another process now releases the prompts of dataset {}", shard.dataset());
        }
    }

    private void feed(BooleanSupplier running) {
        // Opened first: what a fenced feed has released lies before the ends that are read next.
        try (ExactlyOnceLog writer = ExactlyOnceLog.writer(runLog, shard.role());
                EventReader log = runLog.without(UNUSED)
                        .following(List.of(
                                runLog.topics().trainingSteps(),
                                runLog.topics().expired(),
                                runLog.topics().learnerStates()))) {
            log.seek(runLog.topics().trainingSteps(), 0, takeLastSteps());
            log.pollToEnd(this::take);
            ResumePoint resume = ResumePoint.of(lastReleased(), pacing.maxInFlight());
            resume.missing().stream().filter(this::isInShard).forEach(index -> release(index, writer));
            long released = resume.released();
            resumed = true;
            while (running.getAsBoolean()) {
                long until = released + (progress.paused() ? 0 : pacing.allowance(released, progress.counts()));
                for (; released < until; released++) {
                    if (isInShard(released)) {
                        release(released, writer);
                    }
                }
                if (writer.uncommitted()) {
                    writer.commit(List.of());
                }
                log.poll(Duration.ofMillis(200)).forEach(this::take);
            }
        }
    }

    /** Takes the last step of each model into account; returns the offset after them on the ledger. */
    private long takeLastSteps() {
        try (EventReader log =
                runLog.without(UNUSED).reader(List.of(runLog.topics().trainingSteps()))) {
            long end = log.end(runLog.topics().trainingSteps(), 0);
            log.last(runLog.topics().trainingSteps(), 0, end, this::hasAllModels)
                    .forEach(this::take);
            return end;
        }
    }

    private void take(EventRecord<?> record) {
        progress.take(record.event());
    }

    private boolean hasAllModels(List<EventRecord<?>> steps) {
        return steps.stream()
                        .map(step -> ((TrainingStep) step.event()).getLine())
                        .distinct()
                        .count()
                == (settings.hasCritic() ? ModelKind.values().length : 1);
    }

    /**
     * The indices of the shard's last prompts of each partition: at least as many as the largest possible release has.
     * Follow-ups are written by another role and do not count.
     */
    private NavigableSet<Long> lastReleased() {
        NavigableSet<Long> indices = new TreeSet<>();
        try (EventReader log = runLog.reader(List.of(runLog.topics().prompts()))) {
            for (int partition = 0; partition < runLog.topics().partitions(); partition++) {
                long end = log.end(runLog.topics().prompts(), partition);
                log.last(runLog.topics().prompts(), partition, end, this::hasLargestRelease).stream()
                        .filter(this::isOfShard)
                        .forEach(prompt -> RequestIds.index(prompt.key()).ifPresent(indices::add));
            }
        }
        return indices;
    }

    private boolean hasLargestRelease(List<EventRecord<?>> prompts) {
        return prompts.stream().filter(this::isOfShard).count() >= pacing.maxInFlight();
    }

    private boolean isOfShard(EventRecord<?> record) {
        Prompt prompt = (Prompt) record.event();
        return prompt.getFollowUp() == null && shard.has(prompt.getDataset());
    }

    private boolean isInShard(long index) {
        return shard.has(order.at(index).datasetIn(dataset));
    }

    private void release(long index, ExactlyOnceLog writer) {
        Prompt prompt = prompt(index);
        writer.send(runLog.topics().prompts(), prompt.getRequestId(), prompt);
    }

    private Prompt prompt(long index) {
        return order.at(index)
                .toPrompt(
                        requestId(index),
                        dataset,
                        settings.samples(),
                        settings.sampling(),
                        progress.version(ModelKind.POLICY),
                        progress.version(ModelKind.CRITIC),
                        clock.instant());
    }

    /** The id of a feed's request with an index counted from 0; see {@link RequestIds}. */
    public static String requestId(long index) {
        return RequestIds.of(index);
    }

    @Override
    public Map<String, Readiness> readiness() {
        return Map.of(
                shard.role(),
                yielded
                        ? new Readiness(true, "another process has taken over")
                        : resumed
                                ? new Readiness(true, "releasing prompts")
                                : new Readiness(false, "reading which prompts are released"));
    }

    @Override
    public void close() {
        thread.close();
    }
}
