package io.sppostream.run.config;

import static io.sppostream.run.config.SettingsDefinition.BOOTSTRAP_SERVERS;
import static io.sppostream.run.config.SettingsDefinition.BREAKER_EFFECTIVE_SAMPLE_SIZE;
import static io.sppostream.run.config.SettingsDefinition.BREAKER_INFRA_ERRORS;
import static io.sppostream.run.config.SettingsDefinition.BREAKER_STALE_SAMPLES;
import static io.sppostream.run.config.SettingsDefinition.BREAKER_WINDOW;
import static io.sppostream.run.config.SettingsDefinition.BROKER_PORT;
import static io.sppostream.run.config.SettingsDefinition.CLIENT_PROPERTIES;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_DEVICE;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_LAYERS;
import static io.sppostream.run.config.SettingsDefinition.CRITIC_MODEL;
import static io.sppostream.run.config.SettingsDefinition.DATASET_OTHERS;
import static io.sppostream.run.config.SettingsDefinition.DATA_DIR;
import static io.sppostream.run.config.SettingsDefinition.DEFINITION;
import static io.sppostream.run.config.SettingsDefinition.DEVICE;
import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR_PLUGINS;
import static io.sppostream.run.config.SettingsDefinition.EVAL_INTERVAL;
import static io.sppostream.run.config.SettingsDefinition.FEED_SHARD;
import static io.sppostream.run.config.SettingsDefinition.JOIN_PATIENCE_SECONDS;
import static io.sppostream.run.config.SettingsDefinition.KAFKA;
import static io.sppostream.run.config.SettingsDefinition.LOG_FORMAT;
import static io.sppostream.run.config.SettingsDefinition.LOG_OUTPUT;
import static io.sppostream.run.config.SettingsDefinition.MEMORY_CHECK;
import static io.sppostream.run.config.SettingsDefinition.METRICS_HOST;
import static io.sppostream.run.config.SettingsDefinition.METRICS_PORT;
import static io.sppostream.run.config.SettingsDefinition.MODEL;
import static io.sppostream.run.config.SettingsDefinition.POLICY_DEVICE;
import static io.sppostream.run.config.SettingsDefinition.PRECISION;
import static io.sppostream.run.config.SettingsDefinition.REGISTRY_PORT;
import static io.sppostream.run.config.SettingsDefinition.REPLICATION_FACTOR;
import static io.sppostream.run.config.SettingsDefinition.ROLLOUT_DEVICE;
import static io.sppostream.run.config.SettingsDefinition.ROLLOUT_KV_BYTES;
import static io.sppostream.run.config.SettingsDefinition.ROLLOUT_MAX_BATCH;
import static io.sppostream.run.config.SettingsDefinition.ROLLOUT_WORKERS;
import static io.sppostream.run.config.SettingsDefinition.RUNS_DIR;
import static io.sppostream.run.config.SettingsDefinition.SCHEMA_REGISTRY_URL;
import static io.sppostream.run.config.SettingsDefinition.STEPS;
import static io.sppostream.run.config.SettingsDefinition.TRAINING_GRADIENT_CHECKPOINTING;
import static io.sppostream.run.config.SettingsDefinition.TRAINING_MICRO_BATCH_TOKENS;
import static io.sppostream.run.config.SettingsDefinition.TRAINING_PEAK_TFLOPS;
import static io.sppostream.run.config.SettingsDefinition.TRAINING_THREADS;
import static io.sppostream.run.config.SettingsDefinition.WEIGHTS_KEEP;
import static io.sppostream.run.config.SettingsDefinition.WEIGHTS_SNAPSHOT_INTERVAL;
import static io.sppostream.run.config.SettingsDefinition.WEIGHTS_URI;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which settings may change when a run is resumed: those that do not define what is trained, such as where and how fast it
 * is computed. Some of them, {@link #NUMERIC}, change the rounding of results. Properties of the Kafka clients may change
 * too.
 */
final class ResumeRule {
    /**
     * Settings that do not define what is trained, but round the results of training otherwise. At K = 0, a run has the
     * bits of an uninterrupted one only if these stay the same. Each ledger record has the hash of its configuration.
     */
    static final Set<String> NUMERIC = Set.of(
            DEVICE,
            POLICY_DEVICE,
            CRITIC_DEVICE,
            ROLLOUT_DEVICE,
            PRECISION,
            TRAINING_MICRO_BATCH_TOKENS,
            TRAINING_GRADIENT_CHECKPOINTING);

    private static final Set<String> MAY_CHANGE = Set.of(
            MEMORY_CHECK,
            // How long a group waits decides which groups are complete, not what is trained on one.
            JOIN_PATIENCE_SECONDS,
            STEPS,
            DATA_DIR,
            RUNS_DIR,
            DATASET_OTHERS,
            FEED_SHARD,
            BOOTSTRAP_SERVERS,
            SCHEMA_REGISTRY_URL,
            CLIENT_PROPERTIES,
            REPLICATION_FACTOR,
            BROKER_PORT,
            REGISTRY_PORT,
            // The hash of the start weights is on the log, and is compared.
            MODEL,
            CRITIC_MODEL,
            ROLLOUT_WORKERS,
            ROLLOUT_MAX_BATCH,
            ROLLOUT_KV_BYTES,
            TRAINING_THREADS,
            TRAINING_PEAK_TFLOPS,
            ESTIMATOR_PLUGINS,
            WEIGHTS_SNAPSHOT_INTERVAL,
            // Each version says where it is.
            WEIGHTS_URI,
            WEIGHTS_KEEP,
            EVAL_INTERVAL,
            // Breakers stop training and change nothing of it.
            BREAKER_EFFECTIVE_SAMPLE_SIZE,
            BREAKER_INFRA_ERRORS,
            BREAKER_STALE_SAMPLES,
            BREAKER_WINDOW,
            METRICS_PORT,
            METRICS_HOST,
            LOG_OUTPUT,
            LOG_FORMAT);

    private ResumeRule() {}

    static boolean mayChange(String name) {
        return MAY_CHANGE.contains(name) || NUMERIC.contains(name) || name.startsWith(KAFKA);
    }

    /**
     * The settings that round results otherwise and differ, as {@code name: before -> now}, in alphabetical order.
     *
     * @see #breaches
     */
    static List<String> numericDifferences(Map<String, String> before, Map<String, String> now) {
        return differences(before, now, NUMERIC::contains);
    }

    /**
     * The settings that must not differ and do, as {@code name: before -> now}, in alphabetical order. A setting that is
     * missing on one side, because that version of the program did not have it, has its default there.
     */
    static List<String> breaches(Map<String, String> before, Map<String, String> now) {
        // A role that has no model need not be given one, and then has another kind of critic. Its layers tell
        // nothing, and the hash of the start weights is compared.
        boolean sameCritic = Objects.equals(orDefault(before, CRITIC_MODEL), orDefault(now, CRITIC_MODEL));
        return differences(before, now, name -> !mayChange(name) && (sameCritic || !name.equals(CRITIC_LAYERS)));
    }

    private static List<String> differences(
            Map<String, String> before, Map<String, String> now, Predicate<String> compared) {
        TreeSet<String> names = new TreeSet<>(before.keySet());
        names.addAll(now.keySet());
        return names.stream()
                .filter(compared)
                .filter(name -> !Objects.equals(orDefault(before, name), orDefault(now, name)))
                .map(name -> name + ": " + orDefault(before, name) + " -> " + orDefault(now, name))
                .toList();
    }

    private static @Nullable String orDefault(Map<String, String> values, String name) {
        Map<String, Object> defaults = DEFINITION.defaultValues();
        return values.containsKey(name) || !defaults.containsKey(name)
                ? values.get(name)
                : Objects.toString(defaults.get(name));
    }
}
