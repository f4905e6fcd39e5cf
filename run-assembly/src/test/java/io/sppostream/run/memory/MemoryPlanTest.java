package io.sppostream.run.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.model.ModelConfig;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.memory.MemoryPlan.Item;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
    /** 2 layers of width 64, a vocabulary of 8192 that is tied: 8192 x 64 + 2 x 49,536 + 64 weights. */
    private static final ModelConfig POLICY = new ModelConfig(8192, 64, 2, 4, 2, 192, 1024, true, 1e-6, 1e4);

    /** Those of the layers' matrices. */
    private static final long MATRICES = 2 * (64 * 128 + 64 * 64 + 3 * 64 * 192);

    private static final long WEIGHTS = 8192 * 64 + 2 * (64 + 64 * 128 + 128 + 64 * 64 + 64 + 3 * 64 * 192) + 64;
    private static final int PROMPT = 100;

    private static RunSettings settings(Map<String, String> changes) {
        Map<String, String> flags = new HashMap<>(Map.of(
                "run", "r",
                "dataset", "problems.jsonl",
                "estimator", "grpo",
                "estimator.samples", "4",
                "batch.size", "16",
                "sampling.max.tokens", "28",
                "training.micro.batch.tokens", "600",
                "eval.prompts", "10"));
        flags.putAll(changes);
        return Configuration.load(null, Map.of(), flags).settings();
    }

    private static MemoryPlan plan(Map<String, String> changes) {
        RunSettings settings = settings(changes);
        return MemoryPlan.of(MemoryInputs.of(settings, POLICY, POLICY, PROMPT));
    }

    private static long bytes(MemoryPlan plan, String role, String what) {
        return plan.items().stream()
                .filter(item -> item.role().equals(role) && item.what().startsWith(what))
                .mapToLong(Item::bytes)
                .sum();
    }

    @Test
    void shouldAddUpWhatEachRoleHolds() {
        MemoryPlan plan = plan(Map.of());

        assertThat(bytes(plan, "learn", "weights, fp32")).isEqualTo(4 * WEIGHTS);
        assertThat(bytes(plan, "learn", "gradients"))
                .as("one for all micro-batches")
                .isEqualTo(4 * WEIGHTS);
        assertThat(bytes(plan, "learn", "moments")).isEqualTo(8 * WEIGHTS);
        assertThat(bytes(plan, "rollout", "weights of two versions")).isEqualTo(2 * 4 * WEIGHTS);
        // 8 rollouts of 127 tokens in a mini-batch, 3 in a micro-batch of at most 384 tokens, and two threads.
        assertThat(plan.items()).extracting(Item::what).contains("layers of 2 x 381 tokens");
        // Two full steps may be on their way: 32 rollouts of 128 tokens, 2 layers, keys and values of 2 heads of 16.
        assertThat(bytes(plan, "rollout", "keys and values of 32 x 128")).isEqualTo(2L * 4 * 2 * 2 * 16 * 32 * 128);
        assertThat(bytes(plan, "evaluation", "keys and values of 10 x 128")).isEqualTo(2L * 4 * 2 * 2 * 16 * 10 * 128);
        assertThat(plan.items()).extracting(Item::role).doesNotContain("critic");
        assertThat(plan.on("cpu"))
                .isEqualTo(plan.items().stream().mapToLong(Item::bytes).sum());
    }

    @Test
    void shouldPutEachRoleOnItsDevice() {
        MemoryPlan plan = plan(Map.of("device", "gpu", "rollout.device", "gpu:1", "precision", "bf16"));

        assertThat(plan.byDevice()).containsOnlyKeys("cpu", "gpu:0", "gpu:1");
        assertThat(bytes(plan, "learn", "trained weights, bf16")).isEqualTo(2 * WEIGHTS);
        assertThat(plan.items().stream().filter(item -> item.role().equals("rollout")))
                .allMatch(item -> item.device().equals("gpu:1"));
        assertThat(plan.items().stream().filter(item -> item.role().equals("process")))
                .allMatch(item -> item.device().equals("cpu"));
    }

    @Test
    void shouldHoldTheBaseOfAdaptersInThePrecisionOfProducts() {
        MemoryPlan single = plan(Map.of("lora.rank", "4"));
        MemoryPlan halves = plan(Map.of("lora.rank", "4", "precision", "bf16"));

        assertThat(bytes(single, "learn", "weights that the adapters add to")).isEqualTo(4 * WEIGHTS);
        assertThat(bytes(halves, "learn", "weights that the adapters add to")).isEqualTo(4 * WEIGHTS - 2 * MATRICES);
        assertThat(bytes(halves, "learn", "trained weights, bf16")).isEqualTo(bytes(halves, "learn", "adapters") / 2);
        assertThat(bytes(halves, "rollout", "weights that the adapters add to")).isZero();
    }

    @Test
    void shouldNeedLessWithCheckpointsSmallerMomentsAndFewerTokens() {
        MemoryPlan plan = plan(Map.of());
        MemoryPlan small = plan(Map.of(
                "training.gradient.checkpointing", "on",
                "optimizer.state", "int8",
                "training.micro.batch.tokens", "150"));

        assertThat(bytes(small, "learn", "moments")).isLessThan(bytes(plan, "learn", "moments") * 3 / 10);
        assertThat(small.items()).extracting(Item::what).contains("layers of 2 x 127 tokens, checkpointed");
        assertThat(bytes(small, "learn", "layers")).isLessThan(bytes(plan, "learn", "layers") / 6);
        assertThat(bytes(plan(Map.of("kl.penalty", "token-loss")), "learn", "weights of the reference"))
                .isEqualTo(4 * WEIGHTS);
    }

    @Test
    void shouldSayWhatToChangeIfItDoesNotFit() {
        RunSettings settings = settings(Map.of(
                "training.gradient.checkpointing", "off",
                "training.micro.batch.tokens", "100000",
                "batch.size", "1024"));
        MemoryPlan plan = MemoryPlan.of(MemoryInputs.of(settings, POLICY, POLICY, PROMPT));
        long needed = plan.on("cpu");
        MemoryReport roomy = new MemoryReport(settings, POLICY, POLICY, PROMPT, plan, Map.of("cpu", 2 * needed));
        MemoryReport tight = new MemoryReport(settings, POLICY, POLICY, PROMPT, plan, Map.of("cpu", needed + 1));
        MemoryReport small = new MemoryReport(settings, POLICY, POLICY, PROMPT, plan, Map.of("cpu", needed - 1));

        assertThat(roomy.fits()).isTrue();
        assertThat(roomy.isTight()).isFalse();
        assertThat(roomy.text())
                .contains("learn", "rollout", "total", "50 % of")
                .doesNotContain("not fit");
        assertThat(tight.fits()).isTrue();
        assertThat(tight.isTight()).isTrue();
        assertThat(small.fits()).isFalse();
        assertThat(small.problem()).contains("of memory on cpu, which has", "(saves ");
        assertThat(small.text()).contains("It does not fit");
        assertThat(new MemoryReport(settings, POLICY, POLICY, PROMPT, plan, Map.of()).fits())
                .as("a device that does not tell its size")
                .isTrue();
    }
}
