package io.sppostream.run.memory;

import io.sppostream.model.DeviceMemory;
import io.sppostream.model.ModelMemory;
import io.sppostream.model.ModelSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A memory plan against the devices: whether it fits, and what to change if it does not.
 *
 * @param capacities bytes of each device that tells them
 */
public record MemoryReport(MemoryInputs run, MemoryPlan plan, Map<String, Long> capacities) {
    /** From this share of a device on, a plan is a tight fit: an estimate may be off by as much. */
    static final double TIGHT = 0.85;

    private static final double GIGA = 1e9;

    public MemoryReport {
        capacities = Map.copyOf(capacities);
    }

    /** The plan of a run, against the devices of this machine. */
    public static MemoryReport of(MemoryInputs run) {
        Map<String, Long> capacities = new TreeMap<>();
        MemoryPlan plan = MemoryPlan.of(run);
        for (String device : plan.byDevice().keySet()) {
            OptionalLong bytes = DeviceMemory.bytes(new ModelSettings(device, ModelSettings.Precision.FLOAT32));
            bytes.ifPresent(all -> capacities.put(device, all));
        }
        return new MemoryReport(run, plan, capacities);
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
                                gigabytes(plan.on(device)),
                                device,
                                gigabytes(capacities.getOrDefault(device, 0L))))
                        .collect(Collectors.joining("; "))
                + over(TIGHT).stream()
                        .flatMap(device -> advice(device).stream().limit(3))
                        .distinct()
                        .reduce((one, other) -> one + ", " + other)
                        .map(changes -> "; to change: " + changes)
                        .orElse("");
    }

    /** Settings that would lower the bytes on a device, with what they save, largest first. */
    List<String> advice(String device) {
        record Change(String text, long saved) {}
        List<Change> changes = new ArrayList<>();
        long now = plan.on(device);
        int tokens = run.training().microBatchTokens();
        boolean checkpointing = run.training().gradientCheckpointing();
        if (!checkpointing) {
            changes.add(new Change(
                    "training.gradient.checkpointing=on",
                    now - MemoryPlan.of(run.withTraining(tokens, true)).on(device)));
        }
        int quarter = Math.max(1, tokens / 4);
        changes.add(new Change(
                "training.micro.batch.tokens=" + quarter,
                now - MemoryPlan.of(run.withTraining(quarter, checkpointing)).on(device)));
        int rows = Math.max(1, run.rows() / 4);
        changes.add(new Change(
                "rollout.max.batch=" + rows,
                now - MemoryPlan.of(run.withRows(rows, run.heldOutRows())).on(device)));
        int heldOut = Math.max(1, run.heldOutRows() / 4);
        changes.add(new Change(
                "eval.prompts=" + heldOut,
                now - MemoryPlan.of(run.withRows(run.rows(), heldOut)).on(device)));
        Stream.of("policy.device", "critic.device", "rollout.device")
                .map(setting -> new Change("another " + setting, bytes(setting, device)))
                .forEach(changes::add);
        return changes.stream()
                .filter(change -> change.saved() > now / 100)
                .sorted(Comparator.comparingLong(Change::saved).reversed())
                .map(change -> change.text() + " (saves " + gigabytes(change.saved()) + ")")
                .toList();
    }

    /** Bytes on a device of the role that a setting places; of a GPU only, since there is but one other place. */
    private long bytes(String setting, String device) {
        if (device.equals(MemoryPlan.MACHINE)) {
            return 0;
        }
        List<String> roles =
                switch (setting) {
                    case "policy.device" -> List.of("learn");
                    case "critic.device" -> List.of("critic");
                    default -> List.of("rollout", "evaluation");
                };
        return plan.items().stream()
                .filter(item -> item.device().equals(device) && roles.contains(item.role()))
                .mapToLong(MemoryPlan.Item::bytes)
                .sum();
    }

    /** The plan as a table, with a total for each device, and what to change if it does not fit. */
    public String text() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "policy of %s parameters%s; prompts of up to %,d tokens, responses of up to %,d%n%n",
                millions(ModelMemory.policyParameters(run.policy())),
                run.critic() == null
                        ? ""
                        : ", critic of " + millions(ModelMemory.criticParameters(run.critic())),
                run.promptTokens(),
                run.responseTokens()));
        String row = "%-6s  %-10s  %-48s  %9s%n";
        text.append(String.format(Locale.ROOT, row, "device", "role", "what", "bytes"));
        plan.items()
                .forEach(item -> text.append(String.format(
                        Locale.ROOT, row, item.device(), item.role(), item.what(), gigabytes(item.bytes()))));
        plan.byDevice().forEach((device, bytes) -> {
            Long capacity = capacities.get(device);
            text.append(String.format(
                    Locale.ROOT,
                    row,
                    device,
                    "total",
                    capacity == null
                            ? "the size of this device is not known here"
                            : String.format(
                                    Locale.ROOT,
                                    "%.0f %% of %s",
                                    100.0 * bytes / capacity,
                                    gigabytes(capacity)),
                    gigabytes(bytes)));
        });
        for (String device : plan.byDevice().keySet()) {
            List<String> advice = advice(device);
            if (!advice.isEmpty()) {
                text.append(String.format(
                        "%nto need less on %s: %s%n", device, String.join(", ", advice)));
            }
        }
        if (!fits()) {
            text.append(String.format("%nIt does not fit: %s%n", problem()));
        } else if (isTight()) {
            text.append(String.format("%nIt may not fit: %s%n", problem()));
        }
        return text.toString();
    }

    private static String gigabytes(long bytes) {
        return bytes < 1e8
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.2f GB", bytes / GIGA);
    }

    private static String millions(long parameters) {
        return String.format(Locale.ROOT, "%,.1f million", parameters / 1e6);
    }
}
