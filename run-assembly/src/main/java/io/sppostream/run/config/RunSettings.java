package io.sppostream.run.config;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.SHORT;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import io.sppostream.events.catalogue.Topics;
import io.sppostream.feed.Pacing;
import io.sppostream.learn.CriticSettings;
import io.sppostream.learn.PolicyLearnerSettings;
import io.sppostream.learn.StepSettings;
import io.sppostream.learn.guard.CircuitBreakerSettings;
import io.sppostream.learn.update.ClippedPolicyLoss;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.learn.update.PolicyUpdateSettings;
import io.sppostream.learn.update.StalenessRules;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ModelSettings.Precision;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.TrainingSettings;
import io.sppostream.rollout.RolloutProducerSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.apache.kafka.common.config.ConfigException;

/**
 * The settings of a run, each with its type, default, bounds and description in one place. The defaults are those of
 * the SPPO paper (arXiv 2604.08865) for a 1.5B model where it gives one; built-in tasks bring their own as a preset.
 */
public final class RunSettings extends AbstractConfig {
    private static final Validator POSITIVE = Range.atLeast(1);

    private static final Validator FRACTION = ConfigDef.LambdaValidator.with(
            (name, value) -> {
                if (!((Double) value > 0 && (Double) value < 1)) {
                    throw new ConfigException(name, value, "must be between 0 and 1");
                }
            },
            () -> "(0,...,1)");

    private static final Validator DEVICE = ConfigDef.LambdaValidator.with(
            (name, value) -> {
                try {
                    new ModelSettings(String.valueOf(value), Precision.FLOAT32);
                } catch (IllegalArgumentException e) {
                    throw new ConfigException(name, value, e.getMessage());
                }
            },
            () -> "cpu, gpu, gpu:INDEX");

    private static final Validator TOPIC_PREFIX = ConfigDef.LambdaValidator.with(
            (name, value) -> {
                try {
                    new Topics(String.valueOf(value), 1).runs();
                } catch (IllegalArgumentException e) {
                    throw new ConfigException(name, value, e.getMessage());
                }
            },
            () -> "letters, digits, '_' and '-'");

    static final ConfigDef DEFINITION = new ConfigDef()
            .define(
                    "run",
                    STRING,
                    ConfigDef.NO_DEFAULT_VALUE,
                    TOPIC_PREFIX,
                    HIGH,
                    "Name of the run, and the prefix of its topics.")
            .define("seed", LONG, 1L, HIGH, "Seeds the order of prompts, the responses and the shuffling of batches.")
            .define("steps", INT, 100, POSITIVE, HIGH, "Training steps.")
            .define(
                    "lag",
                    INT,
                    1,
                    Range.between(0, 32),
                    HIGH,
                    "K: policy versions that may be published while a sample is under way. 0 is the synchronous loop;"
                            + " from 2 on the loss is decoupled. Samples that lag by more than 2 K expire.")
            .define("data.dir", STRING, ".sppo", MEDIUM, "Where the embedded broker and the streams keep their data.")
            .define("runs.dir", STRING, "runs", MEDIUM, "Where each run's summary and figure are written.")
            .define("bootstrap.servers", STRING, "", HIGH, "Kafka cluster to use; empty for the embedded broker.")
            .define("schema.registry.url", STRING, "", HIGH, "Schema registry to use with it.")
            .define(
                    "replication.factor",
                    SHORT,
                    (short) -1,
                    LOW,
                    "Replicas of each partition; -1 for the cluster's default.")
            .define(
                    "partitions",
                    INT,
                    2,
                    POSITIVE,
                    MEDIUM,
                    "Partitions of the topics keyed by request: the most threads that can share a role's work.")
            .define(
                    "broker.port",
                    INT,
                    0,
                    Range.between(0, 65535),
                    LOW,
                    "Port of the embedded broker; 0 for any free one.")
            .define(
                    "registry.port",
                    INT,
                    0,
                    Range.between(0, 65535),
                    LOW,
                    "Port of the embedded schema registry; 0 for any free one.")
            .define(
                    "dataset",
                    STRING,
                    "addition",
                    HIGH,
                    "addition, addition-1, or a JSON Lines file of prompts and answers.")
            .define(
                    "dataset.prompt.field",
                    STRING,
                    "",
                    LOW,
                    "Field of the prompt; empty for prompt, question or problem.")
            .define("dataset.answer.field", STRING, "", LOW, "Field of the answer; empty for answer.")
            .define(
                    "model",
                    STRING,
                    "",
                    HIGH,
                    "Start policy: a checkpoint folder in Hugging Face layout; empty for the one shipped with a built-in task.")
            .define(
                    "critic.model",
                    STRING,
                    "",
                    MEDIUM,
                    "Checkpoint folder the critic starts from; empty for a random one of the size below.")
            .define("critic.hidden.size", INT, 64, POSITIVE, LOW, "Hidden size of a random critic; a multiple of 16.")
            .define("critic.layers", INT, 2, POSITIVE, LOW, "Layers of a random critic.")
            .define("batch.size", INT, 256, POSITIVE, HIGH, "Rollouts a step.")
            .define("mini.batches", INT, 2, POSITIVE, MEDIUM, "Optimizer steps a step, for policy and critic alike.")
            .define(
                    "sampling.temperature",
                    DOUBLE,
                    0.6,
                    Range.atLeast(0.01),
                    HIGH,
                    "Divides the logits when sampling, and when training on what was sampled.")
            .define("sampling.max.tokens", INT, 1024, POSITIVE, HIGH, "Most tokens of a response.")
            .define("rollout.workers", INT, 2, POSITIVE, MEDIUM, "Threads that sample.")
            .define("rollout.max.batch", INT, 256, POSITIVE, MEDIUM, "Prompts a worker samples at once.")
            .define(
                    RewardFactory.STANDARD,
                    STRING,
                    "exact",
                    HIGH,
                    "The verifier that rewards: exact, math, math:PROFILE, or another by its name; or several, as"
                            + " first|all|any(NAME, ...) or weighted(NAME=WEIGHT, ...); then , shadow(NAME, ...)."
                            + " verifier.DATASET is for one dataset, verifiers.NAME for a verifier's settings.")
            .define(
                    RewardFactory.PLUGINS,
                    STRING,
                    RewardFactory.DEFAULT_PLUGINS,
                    MEDIUM,
                    "Folder of the jars that verifiers are looked for in.")
            .define(
                    "join.patience.seconds",
                    INT,
                    3600,
                    POSITIVE,
                    LOW,
                    "How long a rollout waits for its verdict and its value before it expires.")
            .define("clip", DOUBLE, 0.2, FRACTION, MEDIUM, "eps of the clipped policy loss.")
            .define("dual.clip", DOUBLE, 3.0, Range.atLeast(1.01), LOW, "c of the dual clip, for negative advantages.")
            .define(
                    "policy.learning.rate",
                    DOUBLE,
                    1e-6,
                    Range.atLeast(0),
                    HIGH,
                    "Learning rate of the policy after warm-up.")
            .define("policy.weight.decay", DOUBLE, 0.01, Range.atLeast(0), LOW, "Weight decay of the policy.")
            .define(
                    "critic.learning.rate",
                    DOUBLE,
                    5e-6,
                    Range.atLeast(0),
                    HIGH,
                    "Learning rate of the critic after warm-up.")
            .define("critic.weight.decay", DOUBLE, 0.01, Range.atLeast(0), LOW, "Weight decay of the critic.")
            .define(
                    "warmup.steps",
                    INT,
                    0,
                    Range.atLeast(0),
                    MEDIUM,
                    "Steps over which both learning rates rise linearly.")
            .define("adam.beta1", DOUBLE, 0.9, FRACTION, LOW, "AdamW: decay of the first moment.")
            .define("adam.beta2", DOUBLE, 0.999, FRACTION, LOW, "AdamW: decay of the second moment.")
            .define("adam.epsilon", DOUBLE, 1e-8, Range.atLeast(0), LOW, "AdamW: epsilon.")
            .define(
                    "policy.gradient.norm",
                    DOUBLE,
                    1.0,
                    Range.atLeast(0),
                    LOW,
                    "The policy's gradient is scaled down to this norm.")
            .define(
                    "critic.gradient.norm",
                    DOUBLE,
                    1.0,
                    Range.atLeast(0),
                    LOW,
                    "The critic's gradient is scaled down to this norm.")
            .define(
                    "device",
                    STRING,
                    "cpu",
                    DEVICE,
                    MEDIUM,
                    "Where policy and critic compute: cpu, gpu, or gpu:1 for the second (docs/gpu.md).")
            .define(
                    "precision",
                    STRING,
                    "fp32",
                    ValidString.in("fp32", "bf16"),
                    MEDIUM,
                    "Of the matrix products inside the layers: fp32, or bf16, which a GPU computes faster and which is no"
                            + " longer the same bits in every batch.")
            .define("training.threads", INT, 2, POSITIVE, MEDIUM, "Threads that share a gradient.")
            .define(
                    "training.micro.batch.tokens",
                    INT,
                    4096,
                    POSITIVE,
                    MEDIUM,
                    "Most tokens a thread computes at once: bounds memory.")
            .define(
                    "weights.snapshot.interval",
                    INT,
                    10,
                    POSITIVE,
                    LOW,
                    "Versions from one snapshot of weights and optimizer to the next: after a crash, up to so many steps"
                            + " are trained again, and the weights topics keep two to three times as many versions.")
            .define(
                    "breaker.effective.sample.size",
                    DOUBLE,
                    0.05,
                    Range.between(0, 1),
                    LOW,
                    "The policy learner pauses where the effective sample size of two steps in a row is smaller; 0 for"
                            + " never.")
            .define(
                    "breaker.infra.errors",
                    DOUBLE,
                    0.5,
                    Range.between(0, 1),
                    LOW,
                    "It pauses where verifiers fail on a larger share of the last rollouts; 1 for never.")
            .define(
                    "breaker.stale.samples",
                    DOUBLE,
                    0.5,
                    Range.between(0, 1),
                    LOW,
                    "It pauses where a larger share of the last samples is past the cap on lag; 1 for never.")
            .define(
                    "breaker.window",
                    INT,
                    256,
                    POSITIVE,
                    LOW,
                    "How many last rollouts, and samples, these shares are of.")
            .define("eval.interval", INT, 20, POSITIVE, MEDIUM, "Steps between evaluations on the held-out problems.")
            .define(
                    "eval.prompts",
                    INT,
                    200,
                    POSITIVE,
                    MEDIUM,
                    "Held-out problems of an evaluation, and the most a JSON Lines dataset holds out.");

    /** What neither the weights nor what is trained on depends on: a run may be taken up again with others. */
    private static final Set<String> WITHOUT_EFFECT_ON_TRAINING = Set.of(
            "steps",
            "data.dir",
            "runs.dir",
            "bootstrap.servers",
            "schema.registry.url",
            "replication.factor",
            "broker.port",
            "registry.port",
            // The weights are checked by their hash.
            "model",
            "critic.model",
            "rollout.workers",
            "rollout.max.batch",
            "training.threads",
            "weights.snapshot.interval",
            "eval.interval",
            // They stop training, and alter nothing of it.
            "breaker.effective.sample.size",
            "breaker.infra.errors",
            "breaker.stale.samples",
            "breaker.window");

    RunSettings(Map<String, ?> values) {
        super(DEFINITION, values, false);
    }

    /** Whether a setting has a bearing on what a run trains on or to. */
    static boolean affectsTraining(String name) {
        return !WITHOUT_EFFECT_ON_TRAINING.contains(name);
    }

    /** Whether a name is that of a setting, or of one for a dataset or a verifier of the user's. */
    static boolean exists(String name) {
        return DEFINITION.names().contains(name)
                || name.startsWith(RewardFactory.BY_DATASET)
                || name.startsWith(RewardFactory.DEFINITIONS);
    }

    /** The verifiers of datasets that have their own, by dataset. */
    Map<String, String> choices() {
        Map<String, String> choices = strings(RewardFactory.BY_DATASET);
        choices.keySet().removeIf(dataset -> DEFINITION.names().contains(RewardFactory.BY_DATASET + dataset));
        return choices;
    }

    /** RunSettings of verifiers, by {@code NAME.SETTING}. */
    Map<String, String> verifierSettings() {
        return strings(RewardFactory.DEFINITIONS);
    }

    private Map<String, String> strings(String prefix) {
        Map<String, String> strings = new TreeMap<>();
        originalsWithPrefix(prefix).forEach((name, value) -> strings.put(name, String.valueOf(value)));
        return strings;
    }

    public String run() {
        return getString("run");
    }

    public long seed() {
        return getLong("seed");
    }

    public int steps() {
        return getInt("steps");
    }

    public int batchSize() {
        return getInt("batch.size");
    }

    /** Topics of the run. */
    public Topics topics() {
        return new Topics(run(), getInt("partitions"));
    }

    public Pacing pacing() {
        return new Pacing(getInt("lag"), batchSize(), (long) steps() * batchSize());
    }

    public Path dataDirectory() {
        return Path.of(getString("data.dir"));
    }

    /** Where this run's summary and figure go. */
    public Path runDirectory() {
        return Path.of(getString("runs.dir"), run());
    }

    public SamplingParameters sampling() {
        return new SamplingParameters(getDouble("sampling.temperature"), 1, 0, getInt("sampling.max.tokens"));
    }

    public RolloutProducerSettings rollout() {
        return new RolloutProducerSettings(seed(), sampling(), getInt("rollout.workers"), getInt("rollout.max.batch"));
    }

    public Duration joinPatience() {
        return Duration.ofSeconds(getInt("join.patience.seconds"));
    }

    private StalenessRules staleness() {
        return new StalenessRules(getInt("lag"));
    }

    public PolicyUpdateSettings policyUpdate() {
        return new PolicyUpdateSettings(
                new ClippedPolicyLoss(getDouble("clip"), getDouble("dual.clip")),
                staleness().isDecoupled(),
                new LearningRate(getDouble("policy.learning.rate"), getInt("warmup.steps")),
                getInt("mini.batches"),
                getDouble("sampling.temperature"));
    }

    public CriticUpdateSettings criticUpdate() {
        return new CriticUpdateSettings(
                new LearningRate(getDouble("critic.learning.rate"), getInt("warmup.steps")), getInt("mini.batches"));
    }

    /** Where, and in what precision, models compute. */
    public ModelSettings model() {
        return new ModelSettings(
                getString("device"), getString("precision").equals("bf16") ? Precision.BFLOAT16 : Precision.FLOAT32);
    }

    public OptimizerSettings policyOptimizer() {
        return optimizer("policy");
    }

    public OptimizerSettings criticOptimizer() {
        return optimizer("critic");
    }

    private OptimizerSettings optimizer(String model) {
        return new OptimizerSettings(
                getDouble("adam.beta1"),
                getDouble("adam.beta2"),
                getDouble("adam.epsilon"),
                getDouble(model + ".weight.decay"),
                getDouble(model + ".gradient.norm"));
    }

    public TrainingSettings training() {
        return new TrainingSettings(getInt("training.micro.batch.tokens"), getInt("training.threads"), false);
    }

    public CircuitBreakerSettings breakers() {
        return new CircuitBreakerSettings(
                getDouble("breaker.effective.sample.size"),
                getDouble("breaker.infra.errors"),
                getDouble("breaker.stale.samples"),
                getInt("breaker.window"));
    }

    public PolicyLearnerSettings policyLearner(String configurationSha256) {
        return new PolicyLearnerSettings(
                step(configurationSha256),
                staleness().maxLag(),
                breakers(),
                policyUpdate(),
                policyOptimizer(),
                training());
    }

    public CriticSettings critic(String configurationSha256) {
        return new CriticSettings(step(configurationSha256), criticUpdate(), criticOptimizer(), training());
    }

    private StepSettings step(String configurationSha256) {
        return new StepSettings(seed(), batchSize(), getInt("weights.snapshot.interval"), configurationSha256);
    }

    /** Shape of a random critic that reads the policy's tokens: heads of 16, of which the keys have as many. */
    public ModelConfig criticShape(ModelConfig policy) {
        int hidden = getInt("critic.hidden.size");
        return new ModelConfig(
                policy.vocabularySize(),
                hidden,
                getInt("critic.layers"),
                hidden / 16,
                hidden / 16,
                3 * hidden,
                policy.maxPositions(),
                true,
                policy.rmsNormEpsilon(),
                policy.ropeTheta());
    }
}
