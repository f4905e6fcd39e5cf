package io.sppostream.log.weights;

import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.apache.kafka.common.IsolationLevel;
import org.jspecify.annotations.Nullable;

/**
 * Which versions of a model are published. Whoever releases a prompt knows the version it names from the log, so that
 * version's manifest is on the log by then, if only in a transaction that is about to be committed. So a version exists if
 * its manifest comes before the end that the topic of versions has when the question is asked, open transactions included.
 * The answer depends on the log alone. Thread-safe.
 */
public final class PublishedVersions {
    /** A version that is so far ahead of the newest is not about to be read by the follower. */
    private static final int FAR_AHEAD = 64;

    private final Duration patience;
    private final IntSupplier log;
    private int newest = -1;

    /** When the log was last looked at, in nanoseconds of {@link System#nanoTime}; null if it never was. */
    private @Nullable Long lookedAt;

    /**
     * The versions of a model of a run.
     *
     * @param patience how long another thread that follows the versions is waited for before the log is read: it is about
     *     to read the version that a paced prompt names, and a look at the log costs more
     */
    public PublishedVersions(RunLog runLog, ModelKind kind, Duration patience) {
        this(patience, () -> newestOnLog(runLog, kind));
    }

    /**
     * @param patience how long the thread that follows the versions is waited for before the log is read
     * @param log reads the newest version on the log up to its present end, once the transactions before it have ended; -1
     *     if there is none. Called by one thread at a time
     */
    PublishedVersions(Duration patience, IntSupplier log) {
        this.patience = patience;
        this.log = log;
    }

    /** Takes note of a version that was read from the log. */
    public synchronized void add(int version) {
        newest = Math.max(newest, version);
        notifyAll();
    }

    /** The newest version that is known; -1 if none is. */
    public synchronized int newest() {
        return newest;
    }

    /**
     * Whether a version, or a later one, is published.
     *
     * @param since when the prompts that name it had been read, in nanoseconds of {@link System#nanoTime}. A look at the log
     *     after that serves all of them, so that prompts with versions that do not exist cost one look a batch
     */
    public synchronized boolean contains(int version, long since) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        for (long left = patience.toNanos();
                newest < version && version - (long) newest <= FAR_AHEAD && version > 0 && left > 0;
                left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        if (version > 0 && newest < version && (lookedAt == null || lookedAt - since < 0)) {
            lookedAt = System.nanoTime();
            add(log.getAsInt());
        }
        return version <= 0 || newest >= version;
    }

    private static int newestOnLog(RunLog runLog, ModelKind kind) {
        Topic<WeightsManifest> versions = runLog.topics().versions(kind);
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka());
                EventReader reader = runLog.reader(List.of(versions))) {
            long end = admin.ends(IsolationLevel.READ_UNCOMMITTED, List.of(versions)).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            return reader.last(versions, 0, end, manifests -> !manifests.isEmpty()).stream()
                    .mapToInt(record -> ((WeightsManifest) record.event()).getVersion())
                    .max()
                    .orElse(-1);
        }
    }
}
