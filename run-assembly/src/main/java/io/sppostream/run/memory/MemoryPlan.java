package io.sppostream.run.memory;

import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelMemory;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.TrainingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The memory that a run takes at its peak, if all roles are in one process. An estimate: it adds up what each role holds
 * when it holds most, and does not know what the allocator leaves unused.
 *
 * @param items in the order of the roles
 */
public record MemoryPlan(List<Item> items) {
    /** The device of what is no model. */
    static final String MACHINE = "cpu";

    /** Java, its heap and libraries, Kafka's clients and the state stores: what a run of a tiny model takes. */
    private static final long PROCESS_BYTES = 600_000_000;

    /** The embedded broker, a process of its own. */
    private static final long BROKER_BYTES = 400_000_000;

    /** Weights up to this size have a gradient for each thread and for the sum. */
    private static final long SMALL_BYTES = 64L << 20;

    /** Prompt tokens that are computed at once. */
    private static final long PREFILL_TOKENS = 8192;

    public MemoryPlan {
        items = List.copyOf(items);
    }

    /**
     * What one role holds of one kind.
     *
     * @param device cpu or gpu:INDEX
     * @param role a command that runs it, or what else is part of a run
     * @param what it holds, in words
     */
    public record Item(String device, String role, String what, long bytes) {}

    /** The plan of a run. */
    public static MemoryPlan of(MemoryInputs run) {
        List<Item> items = new ArrayList<>();
        ModelConfig policy = run.policy();
        long policyBytes = Float.BYTES * ModelMemory.policyParameters(policy);
        Role learn = new Role(items, "learn", run.learn());
        learn.training(
                policy, policyBytes, run.training(), run.miniBatch(), run.promptTokens() + run.responseTokens() - 1L);
        learn.add(
                "logits",
                concurrent(run.training(), run.miniBatch(), run.promptTokens() + run.responseTokens() - 1L)
                        * ModelMemory.logits(
                                policy,
                                Math.min(
                                        pieceTokens(
                                                run.training(),
                                                run.miniBatch(),
                                                run.promptTokens() + run.responseTokens() - 1L),
                                        (long) run.miniBatch() * run.responseTokens())));
        if (run.hasReference()) {
            learn.add("weights of the reference policy", policyBytes);
        }
        ModelConfig critic = run.critic();
        if (critic != null) {
            new Role(items, "critic", run.score())
                    .training(
                            critic,
                            Float.BYTES * ModelMemory.criticParameters(critic),
                            run.criticTraining(),
                            run.miniBatch(),
                            run.promptTokens() + (run.criticReadsResponses() ? run.responseTokens() : 0L));
        }
        Role rollout = new Role(items, "rollout", run.sample());
        rollout.add(
                run.synchronous() && policyBytes > SMALL_BYTES
                        ? "weights of the version in use"
                        : "weights of two versions: in use, and the next",
                (run.synchronous() && policyBytes > SMALL_BYTES ? 1 : 2) * policyBytes);
        rollout.sampling(run, run.rows());
        new Role(items, "evaluation", run.sample()).sampling(run, run.heldOutRows());
        items.add(new Item(MACHINE, "process", "Java, libraries, Kafka clients, state stores", PROCESS_BYTES));
        items.add(new Item(MACHINE, "broker", "the embedded broker's process", BROKER_BYTES));
        return new MemoryPlan(items);
    }

    /** Tokens of a micro-batch: the budget, a whole optimizer step if that is less, or one sequence if that is more. */
    private static long pieceTokens(TrainingSettings training, long sequences, long length) {
        return Math.max(length, Math.min(training.microBatchTokens() / length * length, sequences * length));
    }

    /** Micro-batches that are computed at the same time. */
    private static long concurrent(TrainingSettings training, long sequences, long length) {
        long piece = pieceTokens(training, sequences, length);
        return Math.min(training.threads(), (sequences * length + piece - 1) / piece);
    }

    /** Adds the items of one role, leaving out empty ones. */
    private record Role(List<Item> items, String name, ModelSettings placement) {
        void add(String what, long bytes) {
            if (bytes > 0) {
                String device = placement.device().equals("gpu") ? "gpu:0" : placement.device();
                items.add(new Item(device, name, what, bytes));
            }
        }

        void training(ModelConfig model, long weightBytes, TrainingSettings training, long sequences, long length) {
            long tokens = pieceTokens(training, sequences, length);
            long pieces = concurrent(training, sequences, length);
            add("weights, fp32", weightBytes);
            add("gradients, fp32", weightBytes * (weightBytes > SMALL_BYTES ? 1 : 1 + pieces));
            add("two moments of AdamW, fp32", 2 * weightBytes);
            if (placement.precisionOf(model) == ModelSettings.Precision.BFLOAT16) {
                add("weights, bf16", weightBytes / 2);
            }
            add(
                    "layers of " + pieces + " x " + tokens + " tokens"
                            + (training.gradientCheckpointing() ? ", checkpointed" : ""),
                    pieces * ModelMemory.layers(model, tokens, training.gradientCheckpointing()));
        }

        void sampling(MemoryInputs run, long rows) {
            ModelConfig model = run.policy();
            add(
                    "keys and values of " + rows + " x " + (run.promptTokens() + run.responseTokens()) + " tokens",
                    ModelMemory.keyValues(model, rows, (long) run.promptTokens() + run.responseTokens()));
            add(
                    "prompts and logits at work",
                    ModelMemory.layerAtWork(model, Math.min(PREFILL_TOKENS, rows * run.promptTokens()))
                            + ModelMemory.logits(model, rows));
        }
    }

    /** Bytes by device. */
    public SortedMap<String, Long> byDevice() {
        SortedMap<String, Long> devices = new TreeMap<>();
        items.forEach(item -> devices.merge(item.device(), item.bytes(), Long::sum));
        return devices;
    }

    /** Bytes on a device; 0 if nothing is there. */
    long on(String device) {
        return byDevice().getOrDefault(device, 0L);
    }
}
