package io.sppostream.run.config;

import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.SHORT;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import io.sppostream.events.catalogue.Topics;
import io.sppostream.feed.data.Addition;
import io.sppostream.learn.update.LossMean;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ModelSettings.Precision;
import io.sppostream.model.OptimizerSettings;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.apache.kafka.common.config.ConfigDef.Width;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a run: the key, group, type, default, bounds and description of each. The defaults of
 * temperature, batches, learning rates, weight decay, clipping and AdamW are those of the SPPO paper (arXiv 2604.08865) for
 * a 1.5B model. {@code docs/configuration.md} is generated from this definition.
 */
public final class SettingsDefinition {
    public static final String RUN = "run";
    public static final String SEED = "seed";
    public static final String STEPS = "steps";
    public static final String MODEL = "model";
    public static final String DEVICE = "device";
    public static final String POLICY_DEVICE = "policy.device";
    public static final String CRITIC_DEVICE = "critic.device";
    public static final String ROLLOUT_DEVICE = "rollout.device";
    public static final String PRECISION = "precision";
    public static final String MEMORY_CHECK = "memory.check";
    public static final String DATA_DIR = "data.dir";
    public static final String RUNS_DIR = "runs.dir";

    public static final String DATASET = "dataset";
    public static final String DATASET_PROMPT_FIELD = "dataset.prompt.field";
    public static final String DATASET_ANSWER_FIELD = "dataset.answer.field";
    public static final String DATASET_NAME_FIELD = "dataset.name.field";
    public static final String DATASET_SYSTEM = "dataset.system";
    public static final String DATASET_TEMPLATE = "dataset.template";
    public static final String DATASET_SUFFIX = "dataset.suffix";
    public static final String DATASET_VALIDATION = "dataset.validation";
    public static final String DATASET_BAD_ROWS = "dataset.bad.rows";
    public static final String DATASET_PROMPT_MAX_TOKENS = "dataset.prompt.max.tokens";
    public static final String DATASET_OVERLONG = "dataset.overlong";
    public static final String DATASET_SHUFFLE = "dataset.shuffle";
    public static final String DATASET_OTHERS = "dataset.others";
    public static final String FEED_SHARDS = "feed.shards";
    public static final String FEED_SHARD = "feed.shard";

    public static final String SAMPLING_TEMPERATURE = "sampling.temperature";
    public static final String SAMPLING_MAX_TOKENS = "sampling.max.tokens";
    public static final String ROLLOUT_WORKERS = "rollout.workers";
    public static final String ROLLOUT_MAX_BATCH = "rollout.max.batch";
    public static final String ROLLOUT_KV_BYTES = "rollout.kv.bytes";

    public static final String VERIFIER = "verifier";
    public static final String VERIFIER_PLUGINS = "verifier.plugins";

    public static final String ESTIMATOR = "estimator";
    public static final String ESTIMATOR_PLUGINS = "estimator.plugins";
    public static final String ESTIMATOR_PARTIAL = "estimator.partial";
    public static final String JOIN_PATIENCE_SECONDS = "join.patience.seconds";
    public static final String JOIN_REMEMBER_SECONDS = "join.remember.seconds";

    public static final String BATCH_SIZE = "batch.size";
    public static final String MINI_BATCHES = "mini.batches";
    public static final String POLICY_LEARNING_RATE = "policy.learning.rate";
    public static final String WARMUP_STEPS = "warmup.steps";
    public static final String POLICY_WEIGHT_DECAY = "policy.weight.decay";
    public static final String POLICY_MAX_GRADIENT_NORM = "policy.max.gradient.norm";
    public static final String LORA_RANK = "lora.rank";
    public static final String LORA_ALPHA = "lora.alpha";
    public static final String CLIP = "clip";
    public static final String DUAL_CLIP = "dual.clip";
    public static final String LOSS_MEAN = "loss.mean";
    public static final String ADVANTAGES_WHITEN = "advantages.whiten";
    public static final String KL_PENALTY = "kl.penalty";
    public static final String KL_COEFFICIENT = "kl.coefficient";
    public static final String ADAM_BETA1 = "adam.beta1";
    public static final String ADAM_BETA2 = "adam.beta2";
    public static final String ADAM_EPSILON = "adam.epsilon";
    public static final String OPTIMIZER_STATE = "optimizer.state";
    public static final String TRAINING_THREADS = "training.threads";
    public static final String TRAINING_MICRO_BATCH_TOKENS = "training.micro.batch.tokens";
    public static final String TRAINING_GRADIENT_CHECKPOINTING = "training.gradient.checkpointing";
    public static final String TRAINING_PEAK_TFLOPS = "training.peak.tflops";

    public static final String CRITIC_MODEL = "critic.model";
    public static final String CRITIC_HIDDEN_SIZE = "critic.hidden.size";
    public static final String CRITIC_LAYERS = "critic.layers";
    public static final String CRITIC_LEARNING_RATE = "critic.learning.rate";
    public static final String CRITIC_SCORING = "critic.scoring";
    public static final String CRITIC_WEIGHT_DECAY = "critic.weight.decay";
    public static final String CRITIC_MAX_GRADIENT_NORM = "critic.max.gradient.norm";

    public static final String WEIGHTS_SNAPSHOT_INTERVAL = "weights.snapshot.interval";
    public static final String WEIGHTS_URI = "weights.uri";
    public static final String WEIGHTS_KEEP = "weights.keep";
    public static final String WEIGHTS_PRECISION = "weights.precision";

    public static final String LAG = "lag";

    public static final String BREAKER_EFFECTIVE_SAMPLE_SIZE = "breaker.effective.sample.size";
    public static final String BREAKER_INFRA_ERRORS = "breaker.infra.errors";
    public static final String BREAKER_STALE_SAMPLES = "breaker.stale.samples";
    public static final String BREAKER_WINDOW = "breaker.window";

    public static final String EVAL_INTERVAL = "eval.interval";
    public static final String EVAL_TEMPERATURE = "eval.temperature";
    public static final String EVAL_PROMPTS = "eval.prompts";

    public static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
    public static final String CLIENT_PROPERTIES = "client.properties";
    public static final String SCHEMA_REGISTRY_URL = "schema.registry.url";
    public static final String PARTITIONS = "partitions";
    public static final String REPLICATION_FACTOR = "replication.factor";
    public static final String BROKER_PORT = "broker.port";
    public static final String REGISTRY_PORT = "registry.port";

    public static final String METRICS_PORT = "metrics.port";
    public static final String METRICS_HOST = "metrics.host";
    public static final String LOG_OUTPUT = "log.output";
    public static final String LOG_FORMAT = "log.format";

    /** Before the name of a dataset: the verifiers of that dataset. */
    static final String VERIFIER_OF_DATASET = "verifier.";

    /** Before the name of a verifier and of one of its settings ({@link VerifierSettings}). */
    static final String VERIFIER_SETTINGS = "verifiers.";

    /** Before a setting that the estimator itself describes ({@link EstimatorChoice}). */
    static final String ESTIMATOR_SETTINGS = "estimator.";

    /** Before a property of the Kafka and registry clients ({@link KafkaProperties}). */
    static final String KAFKA = "kafka.";

    static final String DEFAULT_PLUGINS = "plugins";
    static final String AUTO = "auto";

    private static final String WITH_TRAINING = "training";
    static final String APART = "apart";
    static final String ON = "on";
    static final String OFF = "off";
    static final String SKIP = "skip";
    private static final String REFUSE = "refuse";

    private static final Validator POSITIVE = Range.atLeast(1);
    private static final Validator NOT_NEGATIVE = Range.atLeast(0);
    private static final Validator SHARE = Range.between(0, 1);
    private static final Validator PORT = Range.between(0, 65535);

    private static final Validator ABOVE_ZERO = ConfigDef.LambdaValidator.with(
            (name, value) -> {
                if (!((Double) value > 0)) {
                    throw new ConfigException(name, value, "must be above 0");
                }
            },
            () -> "above 0");

    private static final Validator FRACTION = ConfigDef.LambdaValidator.with(
            (name, value) -> {
                if (!((Double) value > 0 && (Double) value < 1)) {
                    throw new ConfigException(name, value, "must be between 0 and 1");
                }
            },
            () -> "between 0 and 1, both excluded");

    private static final Validator DEVICES =
            accepting(device -> new ModelSettings(device, Precision.FLOAT32), "cpu, gpu, gpu:INDEX");

    private static final Validator ROLE_DEVICES = accepting(
            device -> new ModelSettings(device.isEmpty() ? "cpu" : device, Precision.FLOAT32),
            "cpu, gpu, gpu:INDEX, or empty");

    private static final Validator TOPIC_PREFIX =
            accepting(run -> new Topics(run, 1).runs(), "letters, digits, '_' and '-'");

    static final ConfigDef DEFINITION = define();

    private SettingsDefinition() {}

    /** Names of all settings. */
    public static Set<String> names() {
        return DEFINITION.names();
    }

    /** All settings, group by group. */
    static Collection<ConfigKey> keys() {
        return DEFINITION.configKeys().values();
    }

    static SettingGroup group(ConfigKey key) {
        return SettingGroup.valueOf(key.group);
    }

    private static ConfigDef define() {
        Definition definition = new Definition();
        definition
                .in(SettingGroup.RUN)
                .setting(
                        RUN,
                        STRING,
                        ConfigDef.NO_DEFAULT_VALUE,
                        TOPIC_PREFIX,
                        "Name of the run and prefix of its topics. ./sppo train and up make one from the time if none"
                                + " is given.")
                .setting(
                        SEED,
                        LONG,
                        1L,
                        null,
                        "Seed of the prompt order, of the sampled responses and of the order of samples in a step.")
                .setting(STEPS, INT, 100, POSITIVE, "Training steps.")
                .setting(
                        MODEL,
                        STRING,
                        "",
                        null,
                        "Start policy: a checkpoint folder in Hugging Face layout. Empty: the checkpoint shipped with"
                                + " the built-in dataset.")
                .setting(
                        DEVICE,
                        STRING,
                        "cpu",
                        DEVICES,
                        "Device of policy and critic: cpu, gpu, or gpu:1 for the second GPU (docs/gpu.md).")
                .setting(POLICY_DEVICE, STRING, "", ROLE_DEVICES, "Device that trains the policy. Empty: device.")
                .setting(
                        CRITIC_DEVICE,
                        STRING,
                        "",
                        ROLE_DEVICES,
                        "Device that scores with the critic and trains it. Empty: device.")
                .setting(
                        ROLLOUT_DEVICE,
                        STRING,
                        "",
                        ROLE_DEVICES,
                        "Device that samples from the policy, evaluations included. Empty: device.")
                .setting(
                        PRECISION,
                        STRING,
                        Precision.FLOAT32.id(),
                        ValidString.in(Arrays.stream(Precision.values())
                                .map(Precision::id)
                                .toArray(String[]::new)),
                        "Precision of the matrix products inside the layers. bf16 is faster if the device computes it;"
                                + " the bits of its results depend on the batch. auto: chosen by device and model; the"
                                + " run says which (docs/gpu.md).")
                .setting(
                        MEMORY_CHECK,
                        BOOLEAN,
                        true,
                        null,
                        "Whether train refuses to start if its memory plan exceeds a device. ./sppo plan prints the plan.")
                .setting(
                        DATA_DIR,
                        STRING,
                        ".sppo",
                        null,
                        "Folder for the data of the embedded broker and the state stores.")
                .setting(RUNS_DIR, STRING, "runs", null, "Folder for the summary and the figure of each run.");
        definition
                .in(SettingGroup.DATA)
                .setting(
                        DATASET,
                        STRING,
                        Addition.NAME,
                        null,
                        String.join(", ", Datasets.BUILT_IN)
                                + ", or files of prompts and answers: Parquet, JSON Lines or JSON arrays, separated by"
                                + " commas; a folder or a pattern such as data/*.parquet for all in it; FILE=WEIGHT for"
                                + " a share of the prompts (docs/datasets.md). A built-in dataset brings a preset of"
                                + " settings.")
                .setting(
                        DATASET_PROMPT_FIELD,
                        STRING,
                        "",
                        null,
                        "Field of the prompt, a text or a list of messages. Empty: the first of prompt, question and"
                                + " problem that is present. Dots lead into nested fields.")
                .setting(
                        DATASET_ANSWER_FIELD,
                        STRING,
                        "",
                        null,
                        "Field of the answer. Empty: the first of reward_model.ground_truth, answer and solution that is"
                                + " present.")
                .setting(
                        DATASET_NAME_FIELD,
                        STRING,
                        "",
                        null,
                        "Field that names the dataset of a row, which chooses its verifier, such as data_source. Empty:"
                                + " the name of the file. Name the datasets in dataset.others to give them verifiers.")
                .setting(
                        DATASET_SYSTEM,
                        STRING,
                        "",
                        null,
                        "System message of each prompt of a file, in place of its own. Empty: prompts are left as they"
                                + " are.")
                .setting(
                        DATASET_TEMPLATE,
                        STRING,
                        "",
                        null,
                        "Text of the last message of each prompt of a file: {{prompt}} stands for what the file has, and"
                                + " {{FIELD}} for any field of the row. Empty: {{prompt}}.")
                .setting(
                        DATASET_SUFFIX,
                        STRING,
                        "",
                        null,
                        "Text after the last message of each prompt of a file that does not end with it already, such"
                                + " as: Please output the final answer within \\boxed{}.")
                .setting(
                        DATASET_VALIDATION,
                        STRING,
                        "",
                        null,
                        "Files of held-out problems, given as dataset is. Empty: a tenth of the dataset at most is held"
                                + " out, chosen by the hash of the prompt.")
                .setting(
                        DATASET_BAD_ROWS,
                        STRING,
                        REFUSE,
                        ValidString.in(REFUSE, SKIP),
                        "What to do with a row that is not JSON or lacks a prompt or an answer: refuse the dataset, or"
                                + " skip the row and report it.")
                .setting(
                        DATASET_PROMPT_MAX_TOKENS,
                        INT,
                        0,
                        NOT_NEGATIVE,
                        "Maximum number of tokens of a prompt of a file, with the chat template. 0: no limit.")
                .setting(
                        DATASET_OVERLONG,
                        STRING,
                        SKIP,
                        ValidString.in(REFUSE, SKIP),
                        "What to do with a longer prompt: refuse the dataset, or skip the row and report it.")
                .setting(
                        DATASET_SHUFFLE,
                        BOOLEAN,
                        true,
                        null,
                        "Whether each epoch of a dataset in files is shuffled, by seed. false: the order of the files.")
                .setting(
                        DATASET_OTHERS,
                        STRING,
                        "",
                        null,
                        "Names, separated by commas, of other datasets that verifier.DATASET may refer to: those of"
                                + " prompts from outside (./sppo up), or of other runs that share the YAML file.")
                .setting(
                        FEED_SHARDS,
                        STRING,
                        "",
                        null,
                        "Names, separated by commas, of datasets of a mixture whose prompts processes of their own may"
                                + " release (docs/scaling.md). A run keeps its choice.")
                .setting(
                        FEED_SHARD,
                        STRING,
                        "",
                        null,
                        "The dataset of feed.shards whose prompts this process releases. Empty: those of all datasets,"
                                + " until another process takes some over.");
        definition
                .in(SettingGroup.SAMPLING)
                .setting(
                        SAMPLING_TEMPERATURE,
                        DOUBLE,
                        0.6,
                        Range.atLeast(0.01),
                        "Divides the logits, both in sampling and in training on the samples.")
                .setting(SAMPLING_MAX_TOKENS, INT, 1024, POSITIVE, "Maximum number of tokens in a response.")
                .setting(
                        ROLLOUT_WORKERS,
                        INT,
                        2,
                        POSITIVE,
                        "Sampling threads; they share batches if there are fewer partitions.")
                .setting(
                        ROLLOUT_MAX_BATCH,
                        INT,
                        256,
                        POSITIVE,
                        "Maximum number of rollouts that are taken at once. On a CPU, each worker samples at most 64 at"
                                + " the same time of a model above 16 million parameters; others join as these end.")
                .setting(
                        ROLLOUT_KV_BYTES,
                        LONG,
                        0L,
                        Range.atLeast(0),
                        "Maximum memory for the keys and values of the rollouts that are sampled, of all threads"
                                + " together. Rollouts that do not fit join as others end. 0: a quarter of the"
                                + " device's memory.");
        definition
                .in(SettingGroup.REWARD)
                .setting(
                        VERIFIER,
                        STRING,
                        "exact",
                        null,
                        "Verifier that rewards, math unless given for a dataset in files: exact, marked, math, math:PROFILE or another by its name. Combine several as"
                                + " first|all|any(NAME, ...) or weighted(NAME=WEIGHT, ...). Append ', shadow(NAME,"
                                + " ...)' for verifiers that judge without rewarding.")
                .setting(VERIFIER_PLUGINS, STRING, DEFAULT_PLUGINS, null, "Folder with the jars of plugin verifiers.");
        definition
                .in(SettingGroup.ESTIMATOR)
                .setting(
                        ESTIMATOR,
                        STRING,
                        "sppo",
                        null,
                        "Assigns the advantages: sppo, grpo, rloo, restem or another by its name (docs/estimators.md).")
                .setting(ESTIMATOR_PLUGINS, STRING, DEFAULT_PLUGINS, null, "Folder with the jars of plugin estimators.")
                .setting(
                        ESTIMATOR_PARTIAL,
                        BOOLEAN,
                        true,
                        null,
                        "Whether a group with a rollout that has no reward is credited from the others, if the estimator"
                                + " can (docs/estimators.md). false: all of its rollouts expire.")
                .setting(
                        JOIN_PATIENCE_SECONDS,
                        INT,
                        3600,
                        POSITIVE,
                        "Seconds that a group waits for its next rollout, verdict or value before it is credited without what is"
                                + " missing, or expires.")
                .setting(
                        JOIN_REMEMBER_SECONDS,
                        INT,
                        3600,
                        POSITIVE,
                        "Seconds that the join remembers a settled group on disk. Records that come later are not known"
                                + " as duplicates. Set it above the longest lag of your verifiers and producers.");
        definition
                .in(SettingGroup.LEARNER)
                .setting(
                        BATCH_SIZE,
                        INT,
                        256,
                        POSITIVE,
                        "Rollouts per step: a multiple of those that the estimator samples per prompt. If it is not given, the"
                                + " largest multiple up to the default holds.")
                .setting(MINI_BATCHES, INT, 2, POSITIVE, "Optimizer steps per training step.")
                .setting(POLICY_LEARNING_RATE, DOUBLE, 1e-6, NOT_NEGATIVE, "Learning rate of the policy after warm-up.")
                .setting(
                        WARMUP_STEPS,
                        INT,
                        0,
                        NOT_NEGATIVE,
                        "Steps over which the learning rates of policy and critic rise linearly.")
                .setting(POLICY_WEIGHT_DECAY, DOUBLE, 0.01, NOT_NEGATIVE, "AdamW: weight decay of the policy.")
                .setting(
                        POLICY_MAX_GRADIENT_NORM,
                        DOUBLE,
                        1.0,
                        ABOVE_ZERO,
                        "A policy gradient with a larger Euclidean norm is scaled down to this norm.")
                .setting(
                        LORA_RANK,
                        INT,
                        0,
                        NOT_NEGATIVE,
                        "Rank of low-rank adapters (LoRA, arXiv 2106.09685) of all linear layers of the policy, which are"
                                + " trained and published instead of its weights; 0 trains all weights. The critic is"
                                + " always trained in full.")
                .setting(
                        LORA_ALPHA,
                        DOUBLE,
                        16.0,
                        ABOVE_ZERO,
                        "LoRA: what the adapters add is multiplied by alpha / rank.")
                .setting(
                        CLIP,
                        DOUBLE,
                        0.2,
                        FRACTION,
                        "eps of the policy loss: the importance ratio is clipped to [1 - eps, 1 + eps].")
                .setting(
                        DUAL_CLIP,
                        DOUBLE,
                        3.0,
                        Range.atLeast(1.01),
                        "c of the dual clip: at a negative advantage A, the policy loss is at most -c A"
                                + " (arXiv 1912.09729).")
                .setting(
                        LOSS_MEAN,
                        STRING,
                        ObjectiveSettings.name(LossMean.TOKEN),
                        ValidString.in(ObjectiveSettings.names(LossMean.values())),
                        "The policy loss of a mini-batch: token is the mean over its tokens, sequence the mean over"
                                + " responses of the mean over their tokens.")
                .setting(
                        ADVANTAGES_WHITEN,
                        STRING,
                        ObjectiveSettings.ESTIMATOR,
                        ValidString.in(ObjectiveSettings.ESTIMATOR, "true", "false"),
                        "Whether advantages are shifted and scaled to mean 0 and variance 1 over the trained tokens of a"
                                + " step. estimator: as its paper says (docs/estimators.md).")
                .setting(
                        KL_PENALTY,
                        STRING,
                        ObjectiveSettings.ESTIMATOR,
                        ValidString.in(ObjectiveSettings.penalties()),
                        "Penalty for moving away from the start policy: in the reward of a token or of a response (k1), or"
                                + " in the loss, as a mean over tokens or as a sum over each response (k3). Needs the memory"
                                + " of another policy. estimator: as its paper says, with its coefficient"
                                + " (docs/estimators.md).")
                .setting(
                        KL_COEFFICIENT,
                        DOUBLE,
                        0.001,
                        NOT_NEGATIVE,
                        "Coefficient of the penalty that kl.penalty names; 0 for none. Without effect if kl.penalty is"
                                + " estimator.")
                .setting(ADAM_BETA1, DOUBLE, 0.9, FRACTION, "AdamW: decay of the first moment.")
                .setting(ADAM_BETA2, DOUBLE, 0.999, FRACTION, "AdamW: decay of the second moment.")
                .setting(ADAM_EPSILON, DOUBLE, 1e-8, NOT_NEGATIVE, "AdamW: added to the root of the second moment.")
                .setting(
                        OPTIMIZER_STATE,
                        STRING,
                        id(OptimizerSettings.State.FP32),
                        ValidString.in(Arrays.stream(OptimizerSettings.State.values())
                                .map(SettingsDefinition::id)
                                .toArray(String[]::new)),
                        "How AdamW's moments are kept: 8 bytes a parameter, or 2 in blocks with a scale each"
                                + " (arXiv 2110.02861), which rounds them at every step.")
                .setting(TRAINING_THREADS, INT, 2, POSITIVE, "Threads that compute a gradient.")
                .setting(
                        TRAINING_MICRO_BATCH_TOKENS,
                        INT,
                        4096,
                        POSITIVE,
                        "Maximum number of tokens that a thread computes at once. Bounds memory.")
                .setting(
                        TRAINING_GRADIENT_CHECKPOINTING,
                        STRING,
                        AUTO,
                        ValidString.in(AUTO, ON, OFF),
                        "Whether a step keeps only the input of each layer and computes the layer again for its"
                                + " gradient: far less memory, a third more time. auto: if the layers of"
                                + " training.micro.batch.tokens take more than 1 GiB.")
                .setting(
                        TRAINING_PEAK_TFLOPS,
                        DOUBLE,
                        0.0,
                        NOT_NEGATIVE,
                        "Trillions of floating-point operations a second that the training device can do at most, at the"
                                + " precision of the products, for the metric mfu. 0: not known, no mfu.");
        definition
                .in(SettingGroup.CRITIC)
                .setting(
                        CRITIC_MODEL,
                        STRING,
                        "",
                        null,
                        "Checkpoint folder the critic starts from, or policy for that of the policy; its head starts at"
                                + " zero unless the checkpoint has one. random: random weights in the size given by"
                                + " critic.hidden.size and critic.layers. Empty: policy if model is given and"
                                + " critic.hidden.size is not, else random.")
                .setting(CRITIC_HIDDEN_SIZE, INT, 64, POSITIVE, "Hidden size of a random critic; a multiple of 16.")
                .setting(
                        CRITIC_LAYERS,
                        INT,
                        0,
                        NOT_NEGATIVE,
                        "Layers of the critic: of critic.model, the first so many are kept, with a fresh head. 0: all"
                                + " layers of critic.model, or 2 of a random critic.")
                .setting(CRITIC_LEARNING_RATE, DOUBLE, 5e-6, NOT_NEGATIVE, "Learning rate of the critic after warm-up.")
                .setting(CRITIC_WEIGHT_DECAY, DOUBLE, 0.01, NOT_NEGATIVE, "AdamW: weight decay of the critic.")
                .setting(
                        CRITIC_MAX_GRADIENT_NORM,
                        DOUBLE,
                        1.0,
                        ABOVE_ZERO,
                        "A critic gradient with a larger Euclidean norm is scaled down to this norm.")
                .setting(
                        CRITIC_SCORING,
                        STRING,
                        WITH_TRAINING,
                        ValidString.in(WITH_TRAINING, APART),
                        "Who scores with the critic. training: the critic, besides training. apart: ./sppo score, in any"
                                + " number of processes that follow the critic's versions (docs/scaling.md). A run keeps"
                                + " its choice.");
        definition
                .in(SettingGroup.WEIGHTS)
                .setting(
                        WEIGHTS_SNAPSHOT_INTERVAL,
                        INT,
                        10,
                        POSITIVE,
                        "Versions from one snapshot of weights and optimizer state to the next. After a crash, at most"
                                + " this many steps are trained again; the weights topics keep two to three times as"
                                + " many versions.")
                .setting(
                        WEIGHTS_URI,
                        STRING,
                        "",
                        null,
                        "Folder for the versions of the models: a path, or the URI of any file system that Java has a"
                                + " provider for (docs/models.md). By default, models of more than 64 MB are stored in"
                                + " the folder of the run, smaller ones on the log; log stores all on the log.")
                .setting(
                        WEIGHTS_KEEP,
                        INT,
                        3,
                        POSITIVE,
                        "Newest versions that stay in such a folder, besides the start weights and the last two"
                                + " snapshots.")
                .setting(
                        WEIGHTS_PRECISION,
                        STRING,
                        Precision.FLOAT32.id(),
                        ValidString.in(Precision.FLOAT32.id(), Precision.BFLOAT16.id()),
                        "Precision of the policy's published weights. The learner trains in 32 bits; with bf16, versions"
                                + " take half the space, and responses are sampled from the rounded weights.");
        definition
                .in(SettingGroup.STALENESS)
                .setting(
                        LAG,
                        INT,
                        1,
                        Range.between(0, 32),
                        "K: maximum number of policy versions published while a sample is in progress. 0 is the"
                                + " synchronous loop; from 2 on the loss is decoupled. Samples that lag by more than"
                                + " 2 K versions expire.");
        definition
                .in(SettingGroup.BREAKERS)
                .setting(
                        BREAKER_EFFECTIVE_SAMPLE_SIZE,
                        DOUBLE,
                        0.05,
                        SHARE,
                        "Pause when the effective sample size of two steps in a row is smaller. 0: never.")
                .setting(
                        BREAKER_INFRA_ERRORS,
                        DOUBLE,
                        0.5,
                        SHARE,
                        "Pause when verifiers fail on a larger share of the last rollouts. 1: never.")
                .setting(
                        BREAKER_STALE_SAMPLES,
                        DOUBLE,
                        0.5,
                        SHARE,
                        "Pause when a larger share of the last samples exceeds the cap on lag. 1: never.")
                .setting(BREAKER_WINDOW, INT, 256, POSITIVE, "Number of last rollouts or samples in these shares.");
        definition
                .in(SettingGroup.EVALUATION)
                .setting(EVAL_INTERVAL, INT, 20, POSITIVE, "Steps from one evaluation to the next.")
                .setting(
                        EVAL_PROMPTS,
                        INT,
                        200,
                        POSITIVE,
                        "Held-out problems per evaluation, and the maximum held out of a dataset in files.")
                .setting(
                        EVAL_TEMPERATURE,
                        DOUBLE,
                        -1.0,
                        Range.atLeast(-1),
                        "Temperature of evaluations. 0: the most probable token; below 0: sampling.temperature.");
        definition
                .in(SettingGroup.CLUSTER)
                .setting(
                        BOOTSTRAP_SERVERS, STRING, "", null, "Kafka cluster, as HOST:PORT. Empty: the embedded broker.")
                .setting(SCHEMA_REGISTRY_URL, STRING, "", null, "Schema registry of that cluster.")
                .setting(
                        CLIENT_PROPERTIES,
                        STRING,
                        "",
                        null,
                        "File of Kafka and registry client properties, as Kafka's tools take it with --command-config."
                                + " bootstrap.servers and schema.registry.url in it hold unless they are set; settings"
                                + " kafka.* win over it. An embedded broker writes one, client.properties in its data"
                                + " directory.")
                .setting(
                        PARTITIONS,
                        INT,
                        2,
                        POSITIVE,
                        "Partitions of the topics keyed by request: the maximum number of threads that share the work"
                                + " of a role.")
                .setting(
                        REPLICATION_FACTOR,
                        SHORT,
                        (short) -1,
                        null,
                        "Replicas of each partition. -1: the default of the cluster.")
                .setting(BROKER_PORT, INT, 0, PORT, "Port of the embedded broker. 0: any free port.")
                .setting(REGISTRY_PORT, INT, 0, PORT, "Port of the embedded schema registry. 0: any free port.");
        definition
                .in(SettingGroup.OPERATION)
                .setting(METRICS_PORT, INT, 0, PORT, "Port of /health/live, /health/ready and /metrics. 0: none.")
                .setting(
                        METRICS_HOST,
                        STRING,
                        "127.0.0.1",
                        null,
                        "Address that this port listens on. 0.0.0.0: all addresses, as a container needs it. Anyone who"
                                + " reaches the port can read the metrics.")
                .setting(
                        LOG_OUTPUT,
                        STRING,
                        LogOutput.FILE.id(),
                        ValidString.in(LogOutput.ids()),
                        "Where the log of a command goes: to sppo.log in data.dir, or to standard output, together with"
                                + " what the command prints.")
                .setting(
                        LOG_FORMAT,
                        STRING,
                        LogFormat.TEXT.id(),
                        ValidString.in(LogFormat.ids()),
                        "Format of the log: lines of text, or a JSON object a line.");
        return definition.definition;
    }

    /** The name of a form of the optimizer's state in settings. */
    static String id(OptimizerSettings.State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    /** Accepts the texts that a reader of them takes, and refuses others with its message. */
    private static Validator accepting(Consumer<String> reader, String bounds) {
        return ConfigDef.LambdaValidator.with(
                (name, value) -> {
                    try {
                        reader.accept(String.valueOf(value));
                    } catch (IllegalArgumentException e) {
                        throw new ConfigException(name, value, e.getMessage());
                    }
                },
                () -> bounds);
    }

    /** A {@link ConfigDef} in the making. Kafka's importance says nothing that the groups do not, and is all the same. */
    private static final class Definition {
        private final ConfigDef definition = new ConfigDef();
        private SettingGroup group = SettingGroup.RUN;
        private int order;

        Definition in(SettingGroup next) {
            group = next;
            return this;
        }

        Definition setting(
                String key, ConfigDef.Type type, Object defaultValue, @Nullable Validator bounds, String description) {
            definition.define(
                    key,
                    type,
                    defaultValue,
                    bounds,
                    Importance.MEDIUM,
                    description,
                    group.name(),
                    ++order,
                    Width.MEDIUM,
                    key);
            return this;
        }
    }
}
