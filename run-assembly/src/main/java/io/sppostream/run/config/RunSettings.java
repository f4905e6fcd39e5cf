package io.sppostream.run.config;

import static io.sppostream.run.config.SettingsDefinition.ADAM_BETA1;
import static io.sppostream.run.config.SettingsDefinition.ADAM_BETA2;
import static io.sppostream.run.config.SettingsDefinition.ADAM_EPSILON;
import static io.sppostream.run.config.SettingsDefinition.APART;
import static io.sppostream.run.config.SettingsDefinition.AUTO;
import static io.sppostream.run.config.SettingsDefinition.BATCH_SIZE;
import static io.sppostream.run.config.SettingsDefinition.BOOTSTRAP_SERVERS;
import static io.sppostream.run.config.SettingsDefinition.BREAKER_EFFECTIVE_SAMPLE_SIZE;
import static io.sppostream.run.config.SettingsDefinition.BREAKER_INFRA_ERRORS;
import static io.sppostream.run.config.SettingsDefinition.BREAKER_STALE_SAMPLES;
import static io.sppostream.run.config.SettingsDefinition.BREAKER_WINDOW;
import static io.sppostream.run.config.SettingsDefinition.BROKER_PORT;
import static io.sppostream.run.config.SettingsDefinition.CLIP;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_DEVICE;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_HIDDEN_SIZE;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_LAYERS;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_LEARNING_RATE;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_MAX_GRADIENT_NORM;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_MODEL;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_SCORING;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_WEIGHT_DECAY;
import static io.sppostream.run.config.SettingsDefinition.DATASET;
import static io.sppostream.run.config.SettingsDefinition.DATASET_OTHERS;
import static io.sppostream.run.config.SettingsDefinition.DATA_DIR;
import static io.sppostream.run.config.SettingsDefinition.DEFINITION;
import static io.sppostream.run.config.SettingsDefinition.DEVICE;
import static io.sppostream.run.config.SettingsDefinition.DUAL_CLIP;
import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR_PARTIAL;
import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR_SETTINGS;
import static io.sppostream.run.config.SettingsDefinition.EVAL_INTERVAL;
import static io.sppostream.run.config.SettingsDefinition.EVAL_PROMPTS;
import static io.sppostream.run.config.SettingsDefinition.EVAL_TEMPERATURE;
import static io.sppostream.run.config.SettingsDefinition.FEED_SHARD;
import static io.sppostream.run.config.SettingsDefinition.FEED_SHARDS;
import static io.sppostream.run.config.SettingsDefinition.JOIN_PATIENCE_SECONDS;
import static io.sppostream.run.config.SettingsDefinition.JOIN_REMEMBER_SECONDS;
import static io.sppostream.run.config.SettingsDefinition.LAG;
import static io.sppostream.run.config.SettingsDefinition.LOG_FORMAT;
import static io.sppostream.run.config.SettingsDefinition.LOG_OUTPUT;
import static io.sppostream.run.config.SettingsDefinition.LORA_ALPHA;
import static io.sppostream.run.config.SettingsDefinition.LORA_RANK;
import static io.sppostream.run.config.SettingsDefinition.MEMORY_CHECK;
import static io.sppostream.run.config.SettingsDefinition.METRICS_HOST;
import static io.sppostream.run.config.SettingsDefinition.METRICS_PORT;
import static io.sppostream.run.config.SettingsDefinition.MINI_BATCHES;
import static io.sppostream.run.config.SettingsDefinition.MODEL;
import static io.sppostream.run.config.SettingsDefinition.ON;
import static io.sppostream.run.config.SettingsDefinition.OPTIMIZER_STATE;
import static io.sppostream.run.config.SettingsDefinition.PARTITIONS;
import static io.sppostream.run.config.SettingsDefinition.POLICY_DEVICE;
import static io.sppostream.run.config.SettingsDefinition.POLICY_LEARNING_RATE;
import static io.sppostream.run.config.SettingsDefinition.POLICY_MAX_GRADIENT_NORM;
import static io.sppostream.run.config.SettingsDefinition.POLICY_WEIGHT_DECAY;
import static io.sppostream.run.config.SettingsDefinition.PRECISION;
import static io.sppostream.run.config.SettingsDefinition.REGISTRY_PORT;
import static io.sppostream.run.config.SettingsDefinition.REPLICATION_FACTOR;
import static io.sppostream.run.config.SettingsDefinition.ROLLOUT_DEVICE;
import static io.sppostream.run.config.SettingsDefinition.ROLLOUT_KV_BYTES;
import static io.sppostream.run.config.SettingsDefinition.ROLLOUT_MAX_BATCH;
import static io.sppostream.run.config.SettingsDefinition.ROLLOUT_WORKERS;
import static io.sppostream.run.config.SettingsDefinition.RUN;
import static io.sppostream.run.config.SettingsDefinition.RUNS_DIR;
import static io.sppostream.run.config.SettingsDefinition.SAMPLING_MAX_TOKENS;
import static io.sppostream.run.config.SettingsDefinition.SAMPLING_TEMPERATURE;
import static io.sppostream.run.config.SettingsDefinition.SCHEMA_REGISTRY_URL;
import static io.sppostream.run.config.SettingsDefinition.SEED;
import static io.sppostream.run.config.SettingsDefinition.STEPS;
import static io.sppostream.run.config.SettingsDefinition.TRAINING_GRADIENT_CHECKPOINTING;
import static io.sppostream.run.config.SettingsDefinition.TRAINING_MICRO_BATCH_TOKENS;
import static io.sppostream.run.config.SettingsDefinition.TRAINING_PEAK_TFLOPS;
import static io.sppostream.run.config.SettingsDefinition.TRAINING_THREADS;
import static io.sppostream.run.config.SettingsDefinition.VERIFIER;
import static io.sppostream.run.config.SettingsDefinition.VERIFIER_OF_DATASET;
import static io.sppostream.run.config.SettingsDefinition.VERIFIER_SETTINGS;
import static io.sppostream.run.config.SettingsDefinition.WARMUP_STEPS;
import static io.sppostream.run.config.SettingsDefinition.WEIGHTS_KEEP;
import static io.sppostream.run.config.SettingsDefinition.WEIGHTS_PRECISION;
import static io.sppostream.run.config.SettingsDefinition.WEIGHTS_SNAPSHOT_INTERVAL;
import static io.sppostream.run.config.SettingsDefinition.WEIGHTS_URI;

import io.sppostream.advantage.FollowUpPrompts;
import io.sppostream.advantage.JoinSettings;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.CriticKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.feed.FeedSettings;
import io.sppostream.feed.FeedShard;
import io.sppostream.feed.Pacing;
import io.sppostream.learn.CriticScorerSettings;
import io.sppostream.learn.CriticSettings;
import io.sppostream.learn.PolicyLearnerSettings;
import io.sppostream.learn.StepSettings;
import io.sppostream.learn.guard.CircuitBreakerSettings;
import io.sppostream.learn.update.ClippedPolicyLoss;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.learn.update.PolicyUpdateSettings;
import io.sppostream.learn.update.StalenessRules;
import io.sppostream.log.UserException;
import io.sppostream.log.weights.WeightsStorage;
import io.sppostream.model.LoraSettings;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelMemory;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ModelSettings.Precision;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.TrainingSettings;
import io.sppostream.rollout.RolloutProducerSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.common.config.AbstractConfig;
import org.jspecify.annotations.Nullable;

/** The settings of a run by type, and the settings of its roles that are made of them. */
public final class RunSettings extends AbstractConfig {
    /** The value of {@code critic.model} that means the checkpoint of the policy. */
    static final String POLICY = "policy";

    /** The value of {@code critic.model} that means random weights. */
    private static final String RANDOM = "random";

    private static final int RANDOM_CRITIC_LAYERS = 2;

    /** Most bytes of 32-bit weights that go on the log unless a folder is chosen. */
    private static final long LARGEST_ON_LOG = 64_000_000;

    /** The value of {@code weights.uri} that chooses the log for models of any size. */
    private static final String ON_LOG = "log";

    private volatile @Nullable AdvantageEstimator estimator;

    RunSettings(Map<String, ?> values) {
        super(DEFINITION, values, false);
    }

    /** These settings with changes, by name. */
    public RunSettings with(Map<String, String> changes) {
        Map<String, Object> all = new TreeMap<>(originals());
        all.putAll(changes);
        return new RunSettings(all);
    }

    /** A default that depends on another setting. */
    @Override
    protected Map<String, Object> postProcessParsedConfig(Map<String, Object> parsed) {
        return isRandom(String.valueOf(parsed.get(CRITIC_MODEL))) && Objects.equals(parsed.get(CRITIC_LAYERS), 0)
                ? Map.of(CRITIC_LAYERS, RANDOM_CRITIC_LAYERS)
                : Map.of();
    }

    /** The verifiers of the datasets that have their own, by dataset. */
    Map<String, String> verifiersOfDatasets() {
        Map<String, String> verifiers = strings(VERIFIER_OF_DATASET);
        verifiers.keySet().removeIf(dataset -> DEFINITION.names().contains(VERIFIER_OF_DATASET + dataset));
        return verifiers;
    }

    /** The setting that chooses the verifiers of a dataset, and its value. */
    public Map.Entry<String, String> verifierRule(String dataset) {
        String own = verifiersOfDatasets().get(dataset);
        return own == null ? Map.entry(VERIFIER, getString(VERIFIER)) : Map.entry(VERIFIER_OF_DATASET + dataset, own);
    }

    /** Settings of verifiers, by {@code NAME.SETTING}. */
    Map<String, String> verifierSettings() {
        return strings(VERIFIER_SETTINGS);
    }

    /** Settings that the estimator itself describes, by name. */
    Map<String, String> estimatorSettings() {
        Map<String, String> settings = strings(ESTIMATOR_SETTINGS);
        settings.keySet().removeIf(name -> DEFINITION.names().contains(ESTIMATOR_SETTINGS + name));
        return settings;
    }

    /**
     * Assigns the advantages.
     *
     * @throws UserException if there is none of that name, or a setting is unknown or not valid
     */
    public AdvantageEstimator estimator() {
        if (estimator == null) {
            estimator = EstimatorChoice.of(this);
        }
        return estimator;
    }

    /** Rollouts per group. */
    public int samples() {
        return estimator().needs().samples();
    }

    /** The largest multiple of {@link #samples} up to so many rollouts: whole groups, one at least. */
    public int wholeGroups(int rollouts) {
        return Math.max(1, rollouts / samples()) * samples();
    }

    /**
     * Checks that a step has whole groups.
     *
     * @throws UserException if it has not
     */
    public void requireWholeGroups() {
        EstimatorChoice.requireWholeGroups(this);
    }

    /** Groups per step. */
    public int groupsPerStep() {
        return batchSize() / samples();
    }

    /** Whether the estimator reads the values of a critic. */
    public boolean hasCritic() {
        return estimator().needs().critic() != CriticKind.NONE;
    }

    /** Whether a role of its own scores with the critic, which then only trains. */
    public boolean scoresApart() {
        return hasCritic() && getString(CRITIC_SCORING).equals(APART);
    }

    /** Whether the critic scores the tokens of responses rather than prompts. */
    public boolean hasTokenCritic() {
        return estimator().needs().critic() == CriticKind.TOKEN;
    }

    /** Whether partial groups are credited. */
    public boolean creditsPartialGroups() {
        return getBoolean(ESTIMATOR_PARTIAL);
    }

    private Map<String, String> strings(String prefix) {
        Map<String, String> strings = new TreeMap<>();
        originalsWithPrefix(prefix).forEach((name, value) -> strings.put(name, String.valueOf(value)));
        return strings;
    }

    public String run() {
        return getString(RUN);
    }

    public long seed() {
        return getLong(SEED);
    }

    public int steps() {
        return getInt(STEPS);
    }

    public int batchSize() {
        return getInt(BATCH_SIZE);
    }

    /** Topics of the run. */
    public Topics topics() {
        return new Topics(run(), getInt(PARTITIONS));
    }

    public Pacing pacing() {
        return new Pacing(getInt(LAG), groupsPerStep(), (long) steps() * groupsPerStep());
    }

    public FeedSettings feed() {
        return new FeedSettings(
                seed(), samples(), FollowUpPrompts.sampling(estimator().needs().sampling()), hasCritic(), pacing());
    }

    public JoinSettings join() {
        return new JoinSettings(
                estimator(), creditsPartialGroups(), RewardFactory.rewards(this), joinPatience(), joinRemember());
    }

    public Path dataDirectory() {
        return Path.of(getString(DATA_DIR));
    }

    /** Folder of the summary and figure of this run. */
    public Path runDirectory() {
        return Path.of(getString(RUNS_DIR), run());
    }

    /** Kafka cluster; empty for the embedded broker. */
    public String bootstrapServers() {
        return getString(BOOTSTRAP_SERVERS);
    }

    /** Schema registry of that cluster; empty if none is given. */
    public String schemaRegistryUrl() {
        return getString(SCHEMA_REGISTRY_URL);
    }

    /** Replicas of each partition; -1 for the default of the cluster. */
    public short replicationFactor() {
        return getShort(REPLICATION_FACTOR);
    }

    /** Port of the embedded broker; 0 for any free one. */
    public int brokerPort() {
        return getInt(BROKER_PORT);
    }

    /** Port of the embedded schema registry; 0 for any free one. */
    public int registryPort() {
        return getInt(REGISTRY_PORT);
    }

    /** Port of health checks and metrics; 0 for none. */
    public int metricsPort() {
        return getInt(METRICS_PORT);
    }

    /** Address that this port listens on. */
    public String metricsHost() {
        return getString(METRICS_HOST);
    }

    /** Where the log of a command goes. */
    public LogOutput logOutput() {
        return LogOutput.of(getString(LOG_OUTPUT));
    }

    public LogFormat logFormat() {
        return LogFormat.of(getString(LOG_FORMAT));
    }

    /** A built-in dataset, or files with their weights ({@link Datasets}). */
    public String dataset() {
        return getString(DATASET);
    }

    /** Names of datasets of prompts from elsewhere. */
    List<String> otherDatasets() {
        return names(DATASET_OTHERS);
    }

    /** Datasets whose prompts processes of their own may release. */
    List<String> shardedDatasets() {
        return names(FEED_SHARDS);
    }

    /**
     * The shards whose prompts this process releases.
     *
     * @throws UserException if it is to release one that the run does not have
     */
    public List<FeedShard> feedShards() {
        List<String> sharded = shardedDatasets();
        Set<String> apart = Set.copyOf(sharded);
        String one = getString(FEED_SHARD);
        if (one.isEmpty()) {
            return Stream.concat(
                            Stream.of(new FeedShard(null, apart, false)),
                            apart.stream().sorted().map(name -> new FeedShard(name, apart, true)))
                    .toList();
        }
        if (!apart.contains(one)) {
            throw new UserException(FEED_SHARD + " = " + one + ": " + FEED_SHARDS
                    + (sharded.isEmpty() ? " names no datasets" : " names " + String.join(", ", sharded)));
        }
        return List.of(new FeedShard(one, apart, false));
    }

    private List<String> names(String setting) {
        return Stream.of(getString(setting).split(",", -1))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
    }

    /** Checkpoint folder of the start policy; empty for the one shipped with the dataset. */
    public String policyModel() {
        return getString(MODEL);
    }

    /** Whether the critic starts from random weights. */
    public boolean hasRandomCritic() {
        return isRandom(getString(CRITIC_MODEL));
    }

    /** Recorded configurations have an empty value for random weights. */
    private static boolean isRandom(String criticModel) {
        return criticModel.isEmpty() || criticModel.equals(RANDOM);
    }

    /** Whether the critic starts from the checkpoint of the policy. */
    public boolean hasCriticOfPolicy() {
        return getString(CRITIC_MODEL).equals(POLICY);
    }

    /** Checkpoint folder of the start critic; null if it reads the policy's tokens: random, or of the policy itself. */
    public @Nullable Path criticModel() {
        String model = getString(CRITIC_MODEL);
        return isRandom(model) || model.equals(POLICY) ? null : Path.of(model);
    }

    /** Layers of the critic; 0 for all layers of its checkpoint. */
    public int criticLayers() {
        return getInt(CRITIC_LAYERS);
    }

    /** Held-out problems per evaluation. */
    public int evaluationPrompts() {
        return getInt(EVAL_PROMPTS);
    }

    /** Steps from one evaluation to the next. */
    public int evaluationInterval() {
        return getInt(EVAL_INTERVAL);
    }

    /** Optimizer steps per training step. */
    public int miniBatches() {
        return getInt(MINI_BATCHES);
    }

    /** How training samples. */
    public SamplingParameters sampling() {
        return new SamplingParameters(getDouble(SAMPLING_TEMPERATURE), 1, 0, getInt(SAMPLING_MAX_TOKENS));
    }

    /** How evaluations sample. */
    public SamplingParameters evaluationSampling() {
        double temperature = getDouble(EVAL_TEMPERATURE);
        SamplingParameters training = sampling();
        return new SamplingParameters(
                temperature < 0 ? training.temperature() : temperature,
                training.topP(),
                training.topK(),
                training.maxTokens());
    }

    public RolloutProducerSettings rollout() {
        return new RolloutProducerSettings(
                seed(),
                sampling(),
                getInt(ROLLOUT_WORKERS),
                getInt(ROLLOUT_MAX_BATCH),
                getLong(ROLLOUT_KV_BYTES),
                estimator().needs().tokenText());
    }

    /** Most rollouts that are sampled at the same time: full batches of all workers, or all that pacing releases. */
    public int rolloutsAtOnce() {
        long workers = Math.min(getInt(ROLLOUT_WORKERS), getInt(PARTITIONS));
        return (int) Math.min(workers * getInt(ROLLOUT_MAX_BATCH), (getInt(LAG) + 1L) * batchSize());
    }

    private Duration joinPatience() {
        return Duration.ofSeconds(getInt(JOIN_PATIENCE_SECONDS));
    }

    private Duration joinRemember() {
        return Duration.ofSeconds(getInt(JOIN_REMEMBER_SECONDS));
    }

    private StalenessRules staleness() {
        return new StalenessRules(getInt(LAG));
    }

    /** How the learner trains on the advantages: by the estimator's recipe, with the parts that settings replace. */
    public PolicyUpdateSettings policyUpdate() {
        return new PolicyUpdateSettings(
                ObjectiveSettings.objective(estimator().recipe(), this),
                new ClippedPolicyLoss(getDouble(CLIP), getDouble(DUAL_CLIP)),
                staleness().isDecoupled(),
                new LearningRate(getDouble(POLICY_LEARNING_RATE), getInt(WARMUP_STEPS)),
                miniBatches(),
                estimator().recipe().criticWarmupSteps(),
                getDouble(SAMPLING_TEMPERATURE));
    }

    /**
     * How the critic trains: by the estimator's recipe.
     *
     * @throws IllegalArgumentException if the estimator has none
     */
    public CriticUpdateSettings criticUpdate() {
        return new CriticUpdateSettings(
                CriticObjective.of(
                        estimator().needs().critic(), estimator().recipe().critic()),
                new LearningRate(getDouble(CRITIC_LEARNING_RATE), getInt(WARMUP_STEPS)),
                miniBatches());
    }

    /** Device and precision of the policy that is trained, and its adapters. */
    public ModelSettings policyPlacement() {
        return placement(POLICY_DEVICE).withAdapter(adapter());
    }

    /** Device and precision of the critic. */
    public ModelSettings criticPlacement() {
        return placement(CRITIC_DEVICE);
    }

    /** Device and precision of the policy that is sampled from, evaluations included, and its adapters. */
    public ModelSettings rolloutPlacement() {
        return placement(ROLLOUT_DEVICE).withAdapter(adapter());
    }

    private ModelSettings placement(String setting) {
        String device = getString(setting);
        return new ModelSettings(device.isEmpty() ? getString(DEVICE) : device, Precision.of(getString(PRECISION)));
    }

    /** Whether a run refuses to start if its memory plan exceeds a device. */
    public boolean checksMemory() {
        return getBoolean(MEMORY_CHECK);
    }

    private @Nullable LoraSettings adapter() {
        int rank = getInt(LORA_RANK);
        return rank == 0 ? null : new LoraSettings(rank, getDouble(LORA_ALPHA), seed());
    }

    /** Precision of the policy's published weights. */
    public Precision publishedPrecision() {
        return Precision.of(getString(WEIGHTS_PRECISION));
    }

    /** Where the versions of the models are stored. Adapters are small, and are no checkpoint by themselves. */
    private WeightsStorage storage(boolean adapters) {
        String uri = getString(WEIGHTS_URI);
        if (adapters || uri.equals(ON_LOG)) {
            return WeightsStorage.onTopic(WeightsStorage.CHUNK_BYTES);
        }
        boolean chosen = !uri.isEmpty();
        String folder = chosen
                ? uri.replaceAll("/+$", "") + "/" + run()
                : runDirectory().resolve("weights").toString();
        return new WeightsStorage(
                WeightsStorage.CHUNK_BYTES, folder, chosen ? -1 : LARGEST_ON_LOG, getInt(WEIGHTS_KEEP));
    }

    public OptimizerSettings policyOptimizer() {
        return optimizer(POLICY_WEIGHT_DECAY, POLICY_MAX_GRADIENT_NORM);
    }

    public OptimizerSettings criticOptimizer() {
        return optimizer(CRITIC_WEIGHT_DECAY, CRITIC_MAX_GRADIENT_NORM);
    }

    private OptimizerSettings optimizer(String weightDecay, String maxGradientNorm) {
        return new OptimizerSettings(
                getDouble(ADAM_BETA1),
                getDouble(ADAM_BETA2),
                getDouble(ADAM_EPSILON),
                getDouble(weightDecay),
                getDouble(maxGradientNorm),
                OptimizerSettings.State.valueOf(getString(OPTIMIZER_STATE).toUpperCase(Locale.ROOT)));
    }

    /**
     * How the update of a model is computed.
     *
     * @param model its shape, which decides on gradient checkpointing if the setting does not
     */
    public TrainingSettings training(ModelConfig model) {
        int tokens = TrainingSettings.microBatchTokens(
                model, policyPlacement().device(), getInt(TRAINING_MICRO_BATCH_TOKENS));
        String checkpointing = getString(TRAINING_GRADIENT_CHECKPOINTING);
        return new TrainingSettings(
                tokens,
                getInt(TRAINING_THREADS),
                checkpointing.equals(AUTO)
                        ? ModelMemory.checkpointsByDefault(model, tokens)
                        : checkpointing.equals(ON));
    }

    public CircuitBreakerSettings breakers() {
        return new CircuitBreakerSettings(
                getDouble(BREAKER_EFFECTIVE_SAMPLE_SIZE),
                getDouble(BREAKER_INFRA_ERRORS),
                getDouble(BREAKER_STALE_SAMPLES),
                getInt(BREAKER_WINDOW));
    }

    /** @param model shape of the policy */
    public PolicyLearnerSettings policyLearner(ModelConfig model, String configurationSha256) {
        return new PolicyLearnerSettings(
                step(configurationSha256, storage(adapter() != null)),
                staleness().maxLag(),
                breakers(),
                policyUpdate(),
                policyOptimizer(),
                training(model),
                publishedPrecision());
    }

    /** @param model shape of the critic */
    public CriticSettings critic(ModelConfig model, String configurationSha256) {
        return new CriticSettings(
                step(configurationSha256, storage(false)),
                criticUpdate(),
                criticOptimizer(),
                training(model),
                !scoresApart());
    }

    /** How prompts, or the tokens of rollouts, are scored apart from the critic's training. */
    public CriticScorerSettings criticScorer() {
        return new CriticScorerSettings(criticUpdate().objective(), batchSize());
    }

    private StepSettings step(String configurationSha256, WeightsStorage storage) {
        return new StepSettings(
                seed(),
                batchSize(),
                samples(),
                estimator().recipe().replay(),
                getInt(WEIGHTS_SNAPSHOT_INTERVAL),
                storage,
                configurationSha256,
                1e12 * getDouble(TRAINING_PEAK_TFLOPS));
    }

    /** Shape of a random critic that reads the policy's tokens: heads of size 16, as many for keys as for queries. */
    public ModelConfig criticShape(ModelConfig policy) {
        int hidden = getInt(CRITIC_HIDDEN_SIZE);
        return new ModelConfig(
                policy.vocabularySize(),
                hidden,
                criticLayers(),
                hidden / 16,
                hidden / 16,
                3 * hidden,
                policy.maxPositions(),
                true,
                policy.rmsNormEpsilon(),
                policy.ropeTheta());
    }
}
