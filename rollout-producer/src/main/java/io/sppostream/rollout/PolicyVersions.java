package io.sppostream.rollout;

import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.weights.PublishedVersions;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.model.PolicyModel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the newest policy version of the log ready to sample from, for the rollout producer and the evaluator of a process
 * alike. A thread loads a new version beside the one in use, so that a batch ends with the weights it began with. A large
 * version replaces one that is not in use. Versions that are superseded while another loads are skipped. Thread-safe.
 */
public final class PolicyVersions implements AutoCloseable {

    /** A version in use; close it after the batch. */
    public final class Lease implements AutoCloseable {
        private final Version version;

        private Lease(Version version) {
            this.version = version;
        }

        /** Its weights, not to be changed. */
        public PolicyModel model() {
            return version.model;
        }

        WeightsManifest manifest() {
            return version.manifest;
        }

        @Override
        public void close() {
            release(version);
        }
    }

    private static final class Version {
        private final WeightsManifest manifest;
        private final PolicyModel model;
        private int leases;

        Version(WeightsManifest manifest, PolicyModel model) {
            this.manifest = manifest;
            this.model = model;
        }
    }

    private static final Duration FOLLOWER_PATIENCE = Duration.ofMillis(200);
    private static final long WAIT_MILLIS = 200;

    /** Weights from this size on are large: of models that are not in use, one is kept at most. */
    private static final long LARGE_BYTES = 64L << 20;

    private final PublishedVersions published;
    private final Supplier<PolicyModel> newModel;
    private final Deque<PolicyModel> spare = new ArrayDeque<>();
    private final RoleThread follower;
    private @Nullable Version current;
    private boolean closed;

    /**
     * Follows the log.
     *
     * @param newModel makes a model to load weights into; called once for each version in use at the same time
     * @param onFailure receives the exception that stops following the log
     */
    public PolicyVersions(RunLog runLog, Supplier<PolicyModel> newModel, Consumer<Throwable> onFailure) {
        this.published = new PublishedVersions(runLog, ModelKind.POLICY, FOLLOWER_PATIENCE);
        this.newModel = newModel;
        this.follower = new RoleThread(
                RoleName.ROLLOUT_PRODUCER + "#weights",
                running -> {
                    try (WeightsFollower log = new WeightsFollower(runLog, ModelKind.POLICY, WeightsFollower.NEWEST)) {
                        follow(log, running);
                    }
                },
                onFailure);
    }

    private void follow(WeightsFollower log, BooleanSupplier running) {
        while (running.getAsBoolean()) {
            List<WeightsManifest> manifests = log.poll(Duration.ofMillis(200));
            WeightsManifest newest = manifests.isEmpty() ? null : manifests.get(manifests.size() - 1);
            if (newest != null && !isInUse(newest)) {
                published.add(newest.getVersion());
                PolicyModel model = takeSpare();
                if (log.fetch(newest, model::readWeights)) {
                    use(new Version(newest, model));
                } else {
                    putBack(model); // superseded and deleted: the next poll brings newer versions
                }
            }
        }
    }

    /** Whether a manifest is that of the current version again: of a snapshot that a learner wrote when it stopped. */
    private synchronized boolean isInUse(WeightsManifest newest) {
        return current != null && current.manifest.getVersion() == newest.getVersion();
    }

    /** A model to load a version into. */
    private PolicyModel takeSpare() {
        synchronized (this) {
            if (spare.isEmpty() && current != null && current.leases == 0 && isLarge(current.model)) {
                PolicyModel model = current.model;
                current = null;
                return model;
            }
        }
        return takeOther();
    }

    private static boolean isLarge(PolicyModel model) {
        return Float.BYTES * model.parameters() >= LARGE_BYTES;
    }

    private synchronized void putBack(PolicyModel model) {
        if (closed || (isLarge(model) && !spare.isEmpty())) {
            model.close();
        } else {
            spare.add(model);
        }
    }

    private synchronized void use(Version version) {
        Version previous = current;
        current = version;
        if (previous != null && previous.leases == 0) {
            putBack(previous.model);
        }
        notifyAll();
    }

    /** Whether a version, or a later one, is published. It may still have to be loaded. */
    boolean isPublished(int version, long since) throws InterruptedException {
        return published.contains(version, since);
    }

    /** The newest version published. */
    int newest() {
        return published.newest();
    }

    synchronized Readiness readiness() {
        return current == null
                ? new Readiness(false, "waiting for a policy version on the log")
                : new Readiness(true, "policy version " + current.manifest.getVersion() + " loaded");
    }

    /** Takes the newest version; waits until it is at least the given one. */
    synchronized Lease acquire(int minVersion) throws InterruptedException {
        while (current == null || current.manifest.getVersion() < minVersion) {
            if (closed) {
                throw new InterruptedException("closed while waiting for policy version " + minVersion);
            }
            wait();
        }
        current.leases++;
        return new Lease(current);
    }

    /**
     * Takes one version, however old: the loaded one if it is that, else one that is loaded for the caller.
     *
     * @param log a follower of the caller, which has polled the version
     * @param wanted asked while waiting; the wait ends when it is false
     * @return null if the version is not wanted any more, or its weights have left the log
     */
    public @Nullable Lease acquire(WeightsManifest manifest, WeightsFollower log, BooleanSupplier wanted)
            throws InterruptedException {
        synchronized (this) {
            // The version has been published, so that it or a later one is being loaded.
            while (current == null || current.manifest.getVersion() < manifest.getVersion()) {
                if (closed || !wanted.getAsBoolean()) {
                    return null;
                }
                wait(WAIT_MILLIS);
            }
            if (current.manifest.getVersion() == manifest.getVersion()) {
                current.leases++;
                log.pass(manifest);
                return new Lease(current);
            }
        }
        PolicyModel model = takeOther();
        boolean loaded = false;
        try {
            loaded = log.fetch(manifest, model::readWeights);
        } finally {
            if (!loaded) {
                putBack(model);
            }
        }
        if (!loaded) {
            return null;
        }
        Version version = new Version(manifest, model);
        version.leases = 1;
        return new Lease(version);
    }

    /** A model that is not the current one. */
    private PolicyModel takeOther() {
        PolicyModel model;
        synchronized (this) {
            model = spare.poll();
        }
        return model == null ? newModel.get() : model;
    }

    private synchronized void release(Version version) {
        version.leases--;
        if (version.leases == 0 && version != current) {
            putBack(version.model);
        }
    }

    @Override
    public void close() {
        follower.close();
        synchronized (this) {
            closed = true;
            Version last = current;
            current = null;
            if (last != null && last.leases == 0) {
                putBack(last.model);
            }
            spare.forEach(PolicyModel::close);
            notifyAll();
        }
    }
}
