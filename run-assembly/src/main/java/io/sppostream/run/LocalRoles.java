package io.sppostream.run;

import io.sppostream.feed.data.Dataset;
import io.sppostream.log.UserException;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RunningRole;
import io.sppostream.log.loop.StreamsApp;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelMemory;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.PolicyVersions;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.evaluate.OfflineRewards;
import io.sppostream.run.models.Models;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.Verifiers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The roles of this process and the datasets, verifiers and models that they need. {@link #open} finds a missing file or
 * a wrong setting; {@link #load} does the slow part, while a cluster starts.
 */
public final class LocalRoles implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final RunSettings settings;
    private final Set<Role> roles;
    private final Deque<AutoCloseable> loaded = new ArrayDeque<>();
    private final List<Function<Roles, RunningRole>> starts = new ArrayList<>();
    private final Deque<RunningRole> started = new ConcurrentLinkedDeque<>();
    private @Nullable Dataset dataset;
    private @Nullable Verifiers verifiers;
    private @Nullable Checkpoint checkpoint;
    private @Nullable Tokenizer tokenizer;

    /** Loaded before the cluster is there; null once {@link #policyVersions} has it. */
    private final AtomicReference<@Nullable PolicyModel> sampled = new AtomicReference<>();

    private volatile @Nullable PolicyVersions policyVersions;
    private volatile boolean allStarted;
    private volatile boolean abandoned;

    private LocalRoles(RunSettings settings, Set<Role> roles) {
        this.settings = settings;
        this.roles = roles;
    }

    /**
     * Finds the datasets, verifiers and models of some roles.
     *
     * @throws UserException if a dataset, a verifier or a model is not available, or the data directory cannot be written
     * @throws io.sppostream.model.CheckpointException if a model is malformed
     */
    public static LocalRoles open(RunSettings settings, Set<Role> roles) {
        if ((roles.contains(Role.CRITIC) || roles.contains(Role.SCORE)) && !settings.hasCritic()) {
            throw new UserException("estimator '" + settings.estimator().name() + "' reads no values: a run with it has"
                    + " no critic");
        }
        if (roles.contains(Role.SCORE) && !settings.scoresApart()) {
            throw new UserException(
                    "critic.scoring = training: ./sppo critic scores while it trains. Start the run, all"
                            + " of its roles, with critic.scoring=apart to have ./sppo score do it");
        }
        WritableDirectory.requirePrivate(settings.dataDirectory(), "--data-dir");
        LocalRoles local = new LocalRoles(settings, EnumSet.copyOf(roles));
        for (Role role : local.roles) {
            switch (role) {
                case LEARN, CRITIC, SCORE, ROLLOUT -> {
                    Models.requireDevice(local.placement(role));
                    local.checkpoint();
                }
                case VERIFY -> local.verifiers();
                case FEED -> Datasets.requireShards(settings, local.dataset());
                case ADVANTAGE -> settings.join();
            }
        }
        return local;
    }

    /** Device and precision of a role's model. */
    private ModelSettings placement(Role role) {
        return switch (role) {
            case LEARN -> settings.policyPlacement();
            case CRITIC, SCORE -> settings.criticPlacement();
            case ROLLOUT -> settings.rolloutPlacement();
            case FEED, VERIFY, ADVANTAGE -> throw new IllegalArgumentException(role + " has no model");
        };
    }

    /** Precision and device of each model here, in words, by the command of its role. */
    SortedMap<String, String> placements() {
        SortedMap<String, String> placements = new TreeMap<>();
        for (Role role : roles) {
            switch (role) {
                case LEARN, ROLLOUT ->
                    placements.put(
                            role.command(),
                            placement(role).describe(checkpoint().config()));
                case CRITIC, SCORE ->
                    placements.put(
                            role.command(), placement(role).describe(Models.criticConfig(settings, checkpoint())));
                case FEED, VERIFY, ADVANTAGE -> {}
            }
        }
        return placements;
    }

    /** The precision of each model here, if the settings leave it to be chosen; else empty. */
    Optional<String> chosenPrecision() {
        return settings.policyPlacement().precision() == ModelSettings.Precision.AUTO
                ? placements().entrySet().stream()
                        .map(model -> model.getKey() + " " + model.getValue())
                        .reduce((one, other) -> one + "; " + other)
                        .map(models -> "precision: " + models)
                : Optional.empty();
    }

    /** What the critic of a user's own policy starts from, in words; empty for a shipped policy or without a critic. */
    Optional<String> criticChoice() {
        if (!settings.hasCritic() || settings.policyModel().isEmpty()) {
            return Optional.empty();
        }
        ModelConfig critic = Models.criticConfig(settings, checkpoint());
        String from = settings.hasRandomCritic()
                ? "random weights"
                : settings.hasCriticOfPolicy()
                        ? "the policy's checkpoint, layers 1 to " + critic.layers() + " of "
                                + checkpoint().config().layers()
                        : String.valueOf(settings.criticModel());
        return Optional.of(String.format(
                Locale.ROOT,
                "critic: starts from %s, %,.1f million parameters (critic.model, critic.layers)",
                from,
                ModelMemory.criticParameters(critic) / 1e6));
    }

    /** Loads their models. */
    public void load() {
        roles.forEach(this::load);
    }

    private void load(Role role) {
        switch (role) {
            case LEARN -> {
                PolicyModel model = owned(PolicyModel.load(checkpoint(), placement(role)));
                starts.add(cluster -> cluster.policyLearner(model));
            }
            case CRITIC -> {
                CriticModel model = owned(Models.critic(settings, checkpoint()));
                Tokenizer reader = criticTokenizer();
                starts.add(cluster -> cluster.critic(model, reader));
            }
            case SCORE -> {
                CriticModel model = owned(Models.critic(settings, checkpoint()));
                Tokenizer reader = criticTokenizer();
                starts.add(cluster -> cluster.criticScorer(model, reader));
            }
            case ADVANTAGE -> starts.add(Roles::advantageStream);
            case VERIFY -> {
                Verifiers judges = verifiers();
                if (judges.all().stream().anyMatch(ConfiguredVerifier::isInline)) {
                    starts.add(cluster -> cluster.rewardVerifier(judges));
                }
                judges.all().stream()
                        .filter(ConfiguredVerifier::isAsync)
                        .forEach(verifier -> starts.add(cluster -> cluster.asyncVerifier(judges, verifier)));
            }
            case ROLLOUT -> {
                Tokenizer reader = tokenizer();
                sampled.set(newSampled());
                starts.add(cluster -> cluster.rolloutProducer(policyVersions(cluster), reader));
            }
            case FEED -> settings.feedShards().forEach(shard -> starts.add(cluster -> cluster.feed(dataset(), shard)));
        }
    }

    /** The policy to warm up with, after {@link #load} and before {@link #start}; its weights are replaced later. */
    PolicyModel sampled() {
        return Objects.requireNonNull(sampled.get(), "no policy to sample from is loaded");
    }

    /** The policy versions of the role that samples, once it has started; an evaluator shares them. */
    PolicyVersions policyVersions() {
        return Objects.requireNonNull(policyVersions, "no role that samples has started");
    }

    private PolicyVersions policyVersions(Roles cluster) {
        PolicyVersions versions = cluster.policyVersions(() -> {
            PolicyModel first = sampled.getAndSet(null);
            return first == null ? newSampled() : first;
        });
        policyVersions = versions;
        return versions;
    }

    private PolicyModel newSampled() {
        return PolicyModel.forSampling(checkpoint(), settings.rolloutPlacement());
    }

    Dataset dataset() {
        if (dataset == null) {
            dataset = Datasets.open(settings);
        }
        return dataset;
    }

    Verifiers verifiers() {
        if (verifiers == null) {
            verifiers = RewardFactory.verifiers(settings);
        }
        return verifiers;
    }

    OfflineRewards offlineRewards() {
        return owned(OfflineRewards.of(settings, verifiers()));
    }

    Checkpoint checkpoint() {
        if (checkpoint == null) {
            checkpoint = Models.policy(settings);
        }
        return checkpoint;
    }

    Tokenizer tokenizer() {
        if (tokenizer == null) {
            tokenizer = owned(checkpoint().tokenizer());
        }
        return tokenizer;
    }

    private Tokenizer criticTokenizer() {
        Checkpoint tokens = Models.criticTokens(settings, checkpoint());
        return tokens == checkpoint() ? tokenizer() : owned(tokens.tokenizer());
    }

    private <T extends AutoCloseable> T owned(T resource) {
        loaded.push(resource);
        return resource;
    }

    /**
     * Starts the roles on a cluster, all at the same time: each asks the cluster for its offsets first. The caller calls
     * {@link #stop}, even if this throws.
     *
     * @throws RuntimeException that of the first role, in the order of the roles, that cannot be started
     */
    public void start(Roles cluster) {
        List<CompletableFuture<RunningRole>> starting = starts.stream()
                .map(start -> CompletableFuture.supplyAsync(
                        () -> start.apply(cluster), task -> new Thread(task, "start").start()))
                .toList();
        Failure failure = new Failure();
        for (CompletableFuture<RunningRole> role : starting) {
            try {
                started.push(role.join());
            } catch (CompletionException e) {
                failure.report(Objects.requireNonNullElse(e.getCause(), e));
            }
        }
        failure.rethrow();
        allStarted = true;
    }

    /** What the roles need before they do their work, by name. Thread-safe. */
    Map<String, Readiness> readiness() {
        Map<String, Readiness> all = new TreeMap<>();
        started.forEach(role -> all.putAll(role.readiness()));
        if (!allStarted) {
            all.put("roles", new Readiness(false, "starting"));
        }
        return all;
    }

    /**
     * Waits until the roles that run as Kafka Streams have their partitions.
     *
     * @throws io.sppostream.log.LogException if one has not in time
     */
    public void awaitStreams() throws InterruptedException {
        for (RunningRole role : started) {
            if (role instanceof StreamsApp app) {
                app.awaitRunning(START);
            }
        }
    }

    /**
     * Makes {@link #stop} and {@link #close} do nothing. For a process that ends because its broker died: the roles can
     * commit nothing more, and stopping them would wait for answers of the broker.
     */
    public void abandon() {
        abandoned = true;
    }

    /** Stops the roles at the same time: each waits for its broker, not for the others. */
    public void stop() {
        if (abandoned) {
            return;
        }
        started.stream()
                .map(role -> CompletableFuture.runAsync(() -> close(role), task -> new Thread(task, "stop").start()))
                .toList()
                .forEach(CompletableFuture::join);
    }

    /** Releases datasets, verifiers and models. The caller has stopped the roles. */
    @Override
    public void close() {
        if (!abandoned) { // Abandoned roles still use their models.
            PolicyModel unused = sampled.getAndSet(null);
            if (unused != null) {
                unused.close();
            }
            loaded.forEach(LocalRoles::close);
        }
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
