package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterTest {

    private static final ModelSettings ADAPTED = TestModels.settings().withAdapter(new LoraSettings(4, 6, 7));
    private static final List<TokenSequence> BATCH = TestModels.sequences(9, 3);
    private static final TokenLoss LOSS = (i, logProbs) -> {
        float[] slopes = new float[logProbs.length];
        for (int t = 0; t < slopes.length; t++) {
            slopes[t] = (i % 3 - 1.2f) * (t + 1);
        }
        return slopes;
    };

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private static ModelConfig config(Architecture architecture) {
        return config(architecture, 11);
    }

    private static ModelConfig config(Architecture architecture, int vocabulary) {
        return new ModelConfig(architecture, vocabulary, 32, 2, 4, 2, 10, 48, 128, true, 1e-6, 10_000, null);
    }

    private static PolicyModel policy(ModelSettings settings) {
        return PolicyModel.random(config(Architecture.LLAMA), 1, settings);
    }

    private static void train(PolicyModel policy, boolean checkpointing) {
        try (PolicyTrainer trainer =
                new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(48, 2, checkpointing))) {
            for (int step = 0; step < 3; step++) {
                assertThat(trainer.update(BATCH, 0.8, 1e-2, LOSS).applied()).isTrue();
            }
        }
    }

    private static void assertClose(float[][] actual, float[][] expected) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).containsExactly(expected[i], within(1e-4f));
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldComputeWhatTheMergedModelComputes(Architecture architecture) {
        try (PolicyModel plain = PolicyModel.random(config(architecture), 1, TestModels.settings());
                PolicyModel policy = PolicyModel.random(config(architecture), 1, ADAPTED)) {
            float[][] start = plain.logProbs(BATCH, 1);
            assertClose(policy.logProbs(BATCH, 1), start);
            train(policy, false);
            float[][] trained = policy.logProbs(BATCH, 1);
            assertThat(Math.abs(trained[0][0] - start[0][0])).isGreaterThan(1e-2f);
            try (PolicyModel merged = policy.merged()) {
                assertThat(merged.adapter()).isNull();
                assertThat(merged.parameters()).isEqualTo(plain.parameters());
                assertClose(merged.logProbs(BATCH, 1), trained);
            }
        }
    }

    @Test
    void shouldTrainTheAdaptersAlone() {
        try (PolicyModel plain = policy(TestModels.settings());
                PolicyModel policy = policy(ADAPTED)) {
            // Rank 4 of q (32 to 40), k and v (to 20), o (40 to 32), gate and up (to 48), down (48 to 32), in 2 layers.
            assertThat(policy.parameters()).isEqualTo(2 * 4 * (72 + 52 + 52 + 72 + 80 + 80 + 80));
            byte[] start = TestModels.bytes(policy::writeWeights);
            train(policy, false);
            assertThat(TestModels.bytes(policy::writeWeights)).isNotEqualTo(start);
            try (PolicyTrainer trainer =
                            new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(48, 1, false));
                    PolicyModel reference = trainer.reference()) {
                assertThat(TestModels.bytes(trainer::writeOptimizerState).length)
                        .isLessThan(3 * start.length);
                assertThat(reference.logProbs(BATCH, 1)).isDeepEqualTo(plain.logProbs(BATCH, 1));
            }
        }
    }

    @Test
    void shouldTakeTheSameStepsWithGradientCheckpointing() {
        try (PolicyModel one = policy(ADAPTED);
                PolicyModel other = policy(ADAPTED)) {
            train(one, false);
            train(other, true);
            assertClose(other.logProbs(BATCH, 1), one.logProbs(BATCH, 1));
        }
    }

    @Test
    void shouldShareTheBaseWithACopy() {
        try (PolicyModel policy = policy(ADAPTED);
                PolicyModel copy = policy.copy()) {
            float[][] before = copy.logProbs(BATCH, 1);
            train(policy, false);
            assertThat(copy.logProbs(BATCH, 1)).isDeepEqualTo(before);
            assertThat(copy.model().weights().get(0))
                    .isSameAs(policy.model().weights().get(0));
        }
    }

    /** A base that was loaded for bfloat16 is held in that precision; one with fresh weights is not. */
    @ParameterizedTest
    @ValueSource(ints = {11, 4100})
    void shouldGiveTheSameBitsWithABaseInBfloat16(int vocabulary) throws Exception {
        ModelConfig config = config(Architecture.LLAMA, vocabulary);
        ModelSettings halves = TestModels.settings(ModelSettings.Precision.BFLOAT16);
        ModelSettings adapted = halves.withAdapter(ADAPTED.adapter());
        try (PolicyModel plain = PolicyModel.random(config, 1, halves);
                PolicyModel expected = PolicyModel.random(config, 1, adapted)) {
            plain.save(directory, Checkpoint.open(Path.of("src/test/resources/golden/qwen2-tiny")));
            Checkpoint checkpoint = Checkpoint.open(directory);
            try (PolicyModel policy = PolicyModel.load(checkpoint, adapted);
                    PolicyModel reference = policy.reference();
                    PolicyModel exact = PolicyModel.load(checkpoint, ADAPTED)) {
                train(expected, false);
                train(policy, false);
                byte[] adapter = TestModels.bytes(policy::writeWeights);
                assertThat(adapter).isEqualTo(TestModels.bytes(expected::writeWeights));
                assertThat(policy.logProbs(BATCH, 1)).isDeepEqualTo(expected.logProbs(BATCH, 1));
                assertThat(reference.logProbs(BATCH, 1)).isDeepEqualTo(plain.logProbs(BATCH, 1));

                exact.readWeights(TestModels.channel(adapter));
                try (PolicyModel merged = policy.merged();
                        PolicyModel ofFloats = exact.merged()) {
                    assertThat(TestModels.bytes(merged::writeWeights))
                            .isEqualTo(TestModels.bytes(ofFloats::writeWeights));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 32})
    void shouldSampleTheSameBitsInAnyBatch(int rank) {
        SplittableRandom random = new SplittableRandom(3);
        List<SampleRequest> requests = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            requests.add(new SampleRequest(TestModels.tokens(random, 1 + i % 5, config(Architecture.LLAMA)), i));
        }
        try (PolicyModel policy = policy(ModelSettings.cpu().withAdapter(new LoraSettings(rank, 6, 7)))) {
            train(policy, false);
            Sampler sampler = new Sampler(policy, Set.of());
            SamplingParameters parameters = new SamplingParameters(1, 1, 0, 12);
            List<Completion> together = sampler.sample(requests, parameters);
            for (int i = 0; i < requests.size(); i += 7) {
                Completion alone =
                        sampler.sample(requests.subList(i, i + 1), parameters).get(0);
                assertThat(alone.tokens()).isEqualTo(together.get(i).tokens());
                assertThat(alone.logProbs()).isEqualTo(together.get(i).logProbs());
            }
        }
    }

    @Test
    void shouldReadTheAdapterItSaved() throws Exception {
        try (PolicyModel policy = policy(ADAPTED);
                PolicyModel other = policy(ADAPTED.withAdapter(new LoraSettings(4, 6, 8)))) {
            train(policy, false);
            policy.saveAdapter(directory, "base");
            other.readAdapter(directory);
            assertThat(other.logProbs(BATCH, 1)).isDeepEqualTo(policy.logProbs(BATCH, 1));

            Path file = directory.resolve("adapter_config.json");
            ObjectMapper mapper = new ObjectMapper();
            ObjectNode config = (ObjectNode) mapper.readTree(file.toFile());
            assertRefused(other, config.deepCopy().put("r", 8), "r must be 4, got 8");
            assertRefused(other, config.deepCopy().put("use_dora", true), "use_dora");
            ObjectNode fewer = config.deepCopy();
            fewer.putArray("target_modules").add("q_proj").add("v_proj");
            assertRefused(other, fewer, "target_modules");
        }
    }

    @Test
    void shouldRefuseAnAdapterOfAnotherBase() throws Exception {
        try (PolicyModel policy = policy(ADAPTED);
                PolicyModel other = PolicyModel.random(config(Architecture.LLAMA), 2, ADAPTED);
                PolicyModel scaled = policy(ADAPTED.withAdapter(new LoraSettings(4, 7, 7)))) {
            byte[] adapter = TestModels.bytes(policy::writeWeights);
            policy.readWeights(TestModels.channel(adapter));
            assertThatThrownBy(() -> other.readWeights(TestModels.channel(adapter)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("base_sha256");
            assertThatThrownBy(() -> scaled.readWeights(TestModels.channel(adapter)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("lora_alpha = 6.0, this model needs 7.0");
        }
    }

    private void assertRefused(PolicyModel policy, ObjectNode config, String message) throws Exception {
        Files.writeString(directory.resolve("adapter_config.json"), config.toString());
        assertThatThrownBy(() -> policy.readAdapter(directory))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }
}
