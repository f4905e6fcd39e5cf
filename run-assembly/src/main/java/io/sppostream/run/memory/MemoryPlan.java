package io.sppostream.run.memory;

import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelMemory;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.TrainingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The memory that a run takes at its peak, if all roles are in one process. An estimate: it adds up what each role holds
 * when it holds most, and does not know what the allocator leaves unused.
 *
 * @param items in the order of the roles
 */
public record MemoryPlan(List<Item> items) {
    /** The device of what is not a model. */
    static final String MACHINE = "cpu";

    static final String LEARN = "learn";
    static final String CRITIC = "critic";
    static final String SCORE = "score";
    static final String ROLLOUT = "rollout";
    static final String EVALUATION = "evaluation";

    /** Java, its heap and libraries, Kafka's clients and the state stores: what a run of a tiny model takes. */
    private static final long PROCESS_BYTES = 600_000_000;

    /** The embedded broker, a process of its own. */
    private static final long BROKER_BYTES = 300_000_000;

    /** Of larger weights, a version that is not in use is replaced by the next. */
    private static final long SMALL_BYTES = 64L << 20;

    private static final String BASE = "weights that the adapters add to";
    private static final String HALVES = "trained weights, bf16";

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
        long parameters = ModelMemory.policyParameters(policy);
        long policyBytes = Float.BYTES * parameters;
        Role learn = new Role(items, LEARN, run.learn());
        // The last token of a response is predicted, never read.
        MicroBatches batches =
                MicroBatches.of(run.training(), run.miniBatch(), run.promptTokens() + run.responseTokens() - 1L);
        learn.training(
                policy, parameters, ModelMemory.trainedParameters(policy, run.learn()), run, run.training(), batches);
        learn.add(
                "logits",
                batches.atOnce()
                        * ModelMemory.trainingLogits(policy, run.learn(), batches.sequences() * run.responseTokens()));
        if (run.hasReference() && run.learn().adapter() == null) {
            learn.add("weights of the reference policy", policyBytes);
        }
        ModelConfig critic = run.critic();
        if (critic != null) {
            long length = run.promptTokens() + (run.criticReadsResponses() ? run.responseTokens() : 0L);
            new Role(items, CRITIC, run.score())
                    .training(
                            critic,
                            ModelMemory.criticParameters(critic),
                            ModelMemory.criticParameters(critic),
                            run,
                            run.criticTraining(),
                            MicroBatches.of(run.criticTraining(), run.miniBatch(), length));
            if (run.scoresApart()) {
                new Role(items, SCORE, run.score())
                        .add("weights, fp32", Float.BYTES * ModelMemory.criticParameters(critic));
            }
        }
        Role rollout = new Role(items, ROLLOUT, run.sample());
        boolean adapters = run.sample().adapter() != null;
        long versionBytes = adapters
                ? Float.BYTES * ModelMemory.trainedParameters(policy, run.sample())
                : ModelMemory.sampledWeights(policy, run.sample());
        if (adapters && !run.sharesBase()) {
            rollout.add(BASE, ModelMemory.baseWeights(policy, run.sample()));
        }
        rollout.add(
                run.synchronous() && versionBytes > SMALL_BYTES
                        ? "weights of the version in use"
                        : "weights of two versions: in use, and the next",
                (run.synchronous() && versionBytes > SMALL_BYTES ? 1 : 2) * versionBytes);
        rollout.sampling(run, run.rows());
        Role evaluation = new Role(items, EVALUATION, run.sample());
        evaluation.add("weights of its version, once superseded", versionBytes);
        evaluation.sampling(run, run.heldOutRows());
        items.add(new Item(MACHINE, "process", "Java, libraries, Kafka clients, state stores", PROCESS_BYTES));
        if (run.hasBroker()) {
            items.add(new Item(MACHINE, "broker", "the embedded broker's process", BROKER_BYTES));
        }
        return new MemoryPlan(items);
    }

    /**
     * The micro-batches of an optimizer step.
     *
     * @param atOnce how many are computed at the same time
     * @param sequences of the longest length in each
     * @param length tokens of a sequence
     */
    private record MicroBatches(long atOnce, long sequences, long length) {
        /** As many sequences as the budget has room for, at least one. */
        static MicroBatches of(TrainingSettings training, long miniBatch, long length) {
            long most = Math.max(1, Math.min(miniBatch, training.microBatchTokens() / length));
            long pieces = (miniBatch + most - 1) / most;
            return new MicroBatches(Math.min(training.threads(), pieces), (miniBatch + pieces - 1) / pieces, length);
        }

        long tokens() {
            return sequences * length;
        }
    }

    /** Adds the items of one role, leaving out empty ones. */
    private record Role(List<Item> items, String name, ModelSettings placement) {
        void add(String what, long bytes) {
            if (bytes > 0) {
                String device = placement.device().equals("gpu") ? "gpu:0" : placement.device();
                items.add(new Item(device, name, what, bytes));
            }
        }

        void training(
                ModelConfig model,
                long parameters,
                long trained,
                MemoryInputs run,
                TrainingSettings training,
                MicroBatches batches) {
            if (trained < parameters) {
                add(BASE, ModelMemory.baseWeights(model, placement));
                add("adapters, fp32", Float.BYTES * trained);
            } else {
                add("weights, fp32", Float.BYTES * parameters);
            }
            add("gradients, fp32", ModelMemory.gradients(model, trained, batches.atOnce()));
            add(
                    "moments of AdamW, " + run.optimizerState().name().toLowerCase(Locale.ROOT),
                    ModelMemory.moments(trained, run.optimizerState()));
            if (placement.precisionOf(model) == ModelSettings.Precision.BFLOAT16) {
                add(HALVES, Short.BYTES * trained);
            }
            add(
                    "layers of " + batches.atOnce() + " x " + batches.tokens() + " tokens"
                            + (training.gradientCheckpointing() ? ", checkpointed" : ""),
                    batches.atOnce() * ModelMemory.layers(model, batches.tokens(), training.gradientCheckpointing()));
        }

        void sampling(MemoryInputs run, long requests) {
            ModelConfig model = run.policy();
            boolean cpu = placement.device().equals(MACHINE);
            long rows = Math.min(requests, ModelMemory.rowsAtOnce(model, cpu));
            if (placement.adapter() != null && placement.precisionOf(model) == ModelSettings.Precision.BFLOAT16) {
                add(HALVES, Short.BYTES * ModelMemory.trainedParameters(model, placement));
            }
            add(
                    "keys and values of " + rows + " x " + (run.promptTokens() + run.responseTokens()) + " tokens",
                    Math.min(
                            run.cacheBytes(),
                            ModelMemory.keyValues(
                                    model, placement, rows, (long) run.promptTokens() + run.responseTokens())));
            add(
                    "prompts and logits at work",
                    ModelMemory.layerAtWork(
                                    model, Math.min(ModelMemory.prefillTokens(model, cpu), rows * run.promptTokens()))
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
