package io.sppostream.learn;

import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.loop.RunningRole;
import io.sppostream.log.weights.PublishedVersions;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.model.CriticModel;
import io.sppostream.model.Tokenizer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The role prompts -> values, or rollouts -> values for a critic of tokens, apart from the training of the critic. It
 * follows the versions that the {@link Critic} publishes, and scores with the newest, once it is at least as new as each
 * prompt demands: at K = 0, that is the one version there is until the values are. Values and consumed prompts commit in
 * one transaction. Processes of the role are members of one consumer group: to scale, start more, up to the number of
 * partitions.
 *
 * <p>The critic trains on a sample only after the join has its value, so no value is made by a version that has trained on
 * the sample. A version that is not on the log is not waited for: anybody may write prompts.
 */
public final class CriticScorer implements RunningRole {
    private static final Duration POLL = Duration.ofMillis(200);

    /** Most time between two polls of prompts while a version is awaited: they keep the member in its group. */
    private static final Duration VERSION_POLL = Duration.ofMillis(20);

    /** How long a version is awaited before the log is asked whether it exists. */
    private static final Duration PATIENCE = Duration.ofMillis(200);

    private final RunLog runLog;
    private final CriticModel model;
    private final Tokenizer tokenizer;
    private final CriticScorerSettings settings;
    private final Path stateDirectory;
    private final Clock clock;
    private final RoleThread thread;

    private volatile @Nullable Member member;

    /**
     * Starts the role.
     *
     * @param model its weights are replaced by those on the log, so nothing else may use it while the role runs
     * @param tokenizer the critic's tokenizer
     * @param stateDirectory keeps the name of the member in its group across restarts
     * @param onFailure receives the exception that stops the role
     */
    public CriticScorer(
            RunLog runLog,
            CriticModel model,
            Tokenizer tokenizer,
            CriticScorerSettings settings,
            Path stateDirectory,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.runLog = runLog;
        this.model = model;
        this.tokenizer = tokenizer;
        this.settings = settings;
        this.stateDirectory = stateDirectory;
        this.clock = clock;
        this.thread = new RoleThread(RoleName.CRITIC_SCORER, this::run, onFailure);
    }

    private void run(BooleanSupplier running) throws InterruptedException {
        ScoringCritic critic = new ScoringCritic(model, tokenizer, settings.objective());
        RunLog slim = runLog.without(Critic.unused(critic.ofTokens())).withPollLimit(settings.maxBatch());
        try (Member joining = new Member(
                runLog,
                model,
                critic,
                discard -> ExactlyOnceLog.shared(
                        slim,
                        RoleName.CRITIC_SCORER,
                        stateDirectory,
                        List.of(CriticValues.input(runLog.topics(), critic.ofTokens())),
                        discard),
                clock)) {
            member = joining;
            while (running.getAsBoolean()) {
                joining.scoreNext();
            }
        }
    }

    private static int minVersion(EventRecord<?> record) {
        if (record.event() instanceof Prompt prompt) {
            return prompt.getMinCriticVersion();
        }
        return ((Rollout) record.event()).getMinCriticVersion();
    }

    /** A member of the group. For one thread, except for {@link #readiness}. */
    static final class Member implements AutoCloseable {
        /** Polled and not scored yet. */
        private final List<EventRecord<?>> waiting = new ArrayList<>();

        private final CriticModel model;
        private final WeightsFollower versions;
        private final PublishedVersions published;
        private final ExactlyOnceLog log;
        private final CriticValues values;

        /** The version that the model has; null before the first. */
        private volatile @Nullable WeightsManifest current;

        /** When the waiting records were polled, in nanoseconds of {@link System#nanoTime}. */
        private long polledAt;

        /**
         * @param critic scores with the model
         * @param log of prompts, or of rollouts for a critic of tokens; made of what receives the partitions that a
         *     rebalance takes away
         */
        Member(
                RunLog runLog,
                CriticModel model,
                ScoringCritic critic,
                Function<Consumer<Collection<TopicPartition>>, ExactlyOnceLog> log,
                Clock clock) {
            this.model = model;
            this.versions = new WeightsFollower(runLog, ModelKind.CRITIC, WeightsFollower.NEWEST);
            this.published = new PublishedVersions(runLog, ModelKind.CRITIC, Duration.ZERO);
            this.log = log.apply(this::discard);
            this.values = new CriticValues(this.log, runLog.topics(), critic, RoleName.CRITIC_SCORER, clock);
        }

        /** Drops what was polled of partitions that this member no longer reads: another one scores it. */
        private void discard(Collection<TopicPartition> partitions) {
            waiting.removeIf(record -> partitions.contains(new TopicPartition(record.topic(), record.partition())));
        }

        void scoreNext() throws InterruptedException {
            if (waiting.isEmpty()) {
                log.resume();
                waiting.addAll(log.poll(POLL));
                polledAt = System.nanoTime();
                follow(Duration.ZERO);
            } else {
                follow(VERSION_POLL);
                // Repeated, since partitions that a rebalance assigns are not paused.
                log.pause();
                waiting.addAll(log.poll(Duration.ZERO));
            }
            WeightsManifest version = current;
            if (version != null && !waiting.isEmpty() && !mustWait(version)) {
                values.send(waiting, version);
                waiting.clear();
                log.commit(List.of());
            } else if (log.uncommitted()) { // dead letters
                log.commit(waiting);
            }
        }

        /** Loads the newest version, if it is another one. */
        private void follow(Duration timeout) {
            List<WeightsManifest> manifests = versions.poll(timeout);
            if (manifests.isEmpty()) {
                return;
            }
            WeightsManifest newest = manifests.get(manifests.size() - 1);
            published.add(newest.getVersion());
            // A critic that stops publishes its last version again, as a snapshot.
            WeightsManifest before = current;
            boolean isNew = before == null || before.getVersion() != newest.getVersion();
            // If it is superseded and deleted, the next poll has newer ones.
            if (isNew && versions.fetch(newest, model::readWeights)) {
                current = newest;
            }
        }

        /** Whether a version that a waiting record names is published and not loaded yet. */
        private boolean mustWait(WeightsManifest version) throws InterruptedException {
            boolean isEarly = System.nanoTime() - polledAt < PATIENCE.toNanos();
            for (EventRecord<?> record : waiting) {
                int wanted = minVersion(record);
                if (wanted > version.getVersion() && (isEarly || published.contains(wanted, polledAt))) {
                    return true;
                }
            }
            return false;
        }

        Map<String, Readiness> readiness() {
            WeightsManifest version = current;
            return Map.of(
                    RoleName.CRITIC_SCORER,
                    version == null
                            ? new Readiness(false, "waiting for a critic version on the log")
                            : new Readiness(true, "critic version " + version.getVersion() + " loaded"),
                    RoleName.CRITIC_SCORER + "#0",
                    log.membership());
        }

        @Override
        public void close() {
            log.close();
            versions.close();
        }
    }

    @Override
    public Map<String, Readiness> readiness() {
        Member joined = member;
        return joined == null ? Map.of(RoleName.CRITIC_SCORER, new Readiness(false, "starting")) : joined.readiness();
    }

    @Override
    public void close() {
        thread.close();
    }
}
