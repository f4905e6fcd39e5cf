package io.sppostream.run.memory;

import io.sppostream.model.DeviceMemory;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelMemory;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.TrainingSettings;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsDefinition;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The memory plan of a run against the devices: whether it fits, and what to change if it does not.
 *
 * @param critic shape of the critic, if the estimator reads its values
 * @param promptTokens of the longest prompt
 * @param capacities bytes of each device that tells them
 */
public record MemoryReport(
        RunSettings settings,
        ModelConfig policy,
        ModelConfig critic,
        int promptTokens,
        MemoryPlan plan,
        Map<String, Long> capacities) {

    /** From this share of a device on, a plan is a tight fit: an estimate may be off by as much. */
    static final double TIGHT = 0.85;

    private static final int MOST_CHANGES = 3;

    public MemoryReport {
        capacities = Map.copyOf(capacities);
    }

    /** The plan of a run, against the devices of this machine. */
    public static MemoryReport of(RunSettings settings, ModelConfig policy, ModelConfig critic, int promptTokens) {
        MemoryPlan plan = MemoryPlan.of(MemoryInputs.of(settings, policy, critic, promptTokens));
        Map<String, Long> capacities = new TreeMap<>();
        for (String device : plan.byDevice().keySet()) {
            OptionalLong bytes = DeviceMemory.bytes(new ModelSettings(device, ModelSettings.Precision.FLOAT32));
            bytes.ifPresent(all -> capacities.put(device, all));
        }
        return new MemoryReport(settings, policy, critic, promptTokens, plan, capacities);
    }

    /** Bytes that a change of settings saves on a device. */
    private long saved(Map<String, String> changes, String device) {
        return saved(changes, critic, device);
    }

    private long saved(Map<String, String> changes, ModelConfig otherCritic, String device) {
        MemoryInputs other = MemoryInputs.of(settings.with(changes), policy, otherCritic, promptTokens);
        return plan.on(device) - MemoryPlan.of(other).on(device);
    }

    /** The devices that the plan exceeds by a factor of its size, such as 1. */
    private List<String> over(double share) {
        return plan.byDevice().entrySet().stream()
                .filter(device -> capacities.containsKey(device.getKey())
                        && device.getValue() > share * capacities.get(device.getKey()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Whether the plan fits every device that tells its size. */
    public boolean fits() {
        return over(1).isEmpty();
    }

    /** Whether it fits with little room to spare. */
    public boolean isTight() {
        return fits() && !over(TIGHT).isEmpty();
    }

    /** The devices that are full or nearly so, and what to change, in one line. */
    public String problem() {
        return over(TIGHT).stream()
                        .map(device -> String.format(
                                Locale.ROOT,
                                "the run needs about %s of memory on %s, which has %s",
                                size(plan.on(device)),
                                device,
                                size(capacities.getOrDefault(device, 0L))))
                        .collect(Collectors.joining("; "))
                + over(TIGHT).stream()
                        .flatMap(device -> advice(device).stream().limit(MOST_CHANGES))
                        .distinct()
                        .reduce((one, other) -> one + ", " + other)
                        .map(changes -> "; to change: " + changes)
                        .orElse("");
    }

    /** Settings that would lower the bytes on a device, with what they save, largest first. */
    List<String> advice(String device) {
        record Change(String setting, long saved) {}
        TrainingSettings training = settings.training(policy);
        MemoryInputs run = MemoryInputs.of(settings, policy, critic, promptTokens);
        Map<String, String> values = new TreeMap<>();
        values.put(SettingsDefinition.TRAINING_GRADIENT_CHECKPOINTING, "on");
        values.put(SettingsDefinition.OPTIMIZER_STATE, "int8");
        values.put(SettingsDefinition.TRAINING_MICRO_BATCH_TOKENS, quarter(training.microBatchTokens()));
        values.put(SettingsDefinition.ROLLOUT_MAX_BATCH, quarter(run.rows()));
        values.put(SettingsDefinition.EVAL_PROMPTS, quarter(run.heldOutRows()));
        Stream<Change> smaller = values.entrySet().stream()
                .map(each -> new Change(
                        each.getKey() + "=" + each.getValue(), saved(Map.of(each.getKey(), each.getValue()), device)));
        Stream<Change> shallower = Stream.of(quarter(critic.layers()))
                .filter(layers -> !settings.hasRandomCritic())
                .map(layers -> new Change(
                        SettingsDefinition.CRITIC_LAYERS + "=" + layers,
                        saved(Map.of(), critic.withLayers(Integer.parseInt(layers)), device)));
        Stream<Change> elsewhere = Stream.of(
                        SettingsDefinition.POLICY_DEVICE,
                        SettingsDefinition.CRITIC_DEVICE,
                        SettingsDefinition.ROLLOUT_DEVICE)
                .map(setting -> new Change("another " + setting, placed(setting, device)));
        return Stream.of(smaller, shallower, elsewhere)
                .flatMap(changes -> changes)
                .filter(change -> change.saved() > plan.on(device) / 100)
                .sorted(Comparator.comparingLong(Change::saved).reversed())
                .map(change -> change.setting() + " (saves " + size(change.saved()) + ")")
                .toList();
    }

    private static String quarter(int number) {
        return Integer.toString(Math.max(1, number / 4));
    }

    /** Bytes on a GPU of the roles that a setting places; 0 for the machine, which has no other such place. */
    private long placed(String setting, String device) {
        if (device.equals(MemoryPlan.MACHINE)) {
            return 0;
        }
        List<String> roles = switch (setting) {
            case SettingsDefinition.POLICY_DEVICE -> List.of(MemoryPlan.LEARN);
            case SettingsDefinition.CRITIC_DEVICE -> List.of(MemoryPlan.CRITIC, MemoryPlan.SCORE);
            default -> List.of(MemoryPlan.ROLLOUT, MemoryPlan.EVALUATION);
        };
        return plan.items().stream()
                .filter(item -> item.device().equals(device) && roles.contains(item.role()))
                .mapToLong(MemoryPlan.Item::bytes)
                .sum();
    }

    /** The plan as a table, with a total for each device, and what to change if it does not fit. */
    public String text() {
        MemoryInputs run = MemoryInputs.of(settings, policy, critic, promptTokens);
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "policy of %s parameters%s; prompts of up to %,d tokens, responses of up to %,d%n%n",
                millions(ModelMemory.policyParameters(policy)),
                run.critic() == null ? "" : ", critic of " + millions(ModelMemory.criticParameters(critic)),
                promptTokens,
                run.responseTokens()));
        String row = "%-6s  %-10s  %-48s  %9s%n";
        text.append(String.format(Locale.ROOT, row, "device", "role", "what", "bytes"));
        plan.items()
                .forEach(item -> text.append(
                        String.format(Locale.ROOT, row, item.device(), item.role(), item.what(), size(item.bytes()))));
        plan.byDevice().forEach((device, bytes) -> {
            Long capacity = capacities.get(device);
            text.append(String.format(
                    Locale.ROOT,
                    row,
                    device,
                    "total",
                    capacity == null
                            ? "the size of this device is not known here"
                            : String.format(Locale.ROOT, "%.0f %% of %s", 100.0 * bytes / capacity, size(capacity)),
                    size(bytes)));
        });
        for (String device : plan.byDevice().keySet()) {
            List<String> advice = advice(device);
            if (!advice.isEmpty()) {
                text.append(String.format("%nto need less on %s: %s%n", device, String.join(", ", advice)));
            }
        }
        if (!fits()) {
            text.append(String.format("%nIt does not fit: %s%n", problem()));
        } else if (isTight()) {
            text.append(String.format("%nIt may not fit: %s%n", problem()));
        }
        return text.toString();
    }

    private static String size(long bytes) {
        return bytes < 1e8
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }

    private static String millions(long parameters) {
        return String.format(Locale.ROOT, "%,.1f million", parameters / 1e6);
    }
}
