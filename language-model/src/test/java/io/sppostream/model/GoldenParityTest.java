package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares results with those of Hugging Face transformers: numbers to 1e-4, relative or absolute, whichever is larger,
 * and token ids exactly. {@code -Dgolden.dir=DIR} uses another directory of the same format.
 */
class GoldenParityTest {

    static List<Golden> goldens() {
        return Golden.all();
    }

    private static void assertClose(double actual, double expected, String what) {
        assertThat(Math.abs(actual - expected))
                .as("%s: %s, golden %s", what, actual, expected)
                .isLessThanOrEqualTo(1e-4 * Math.max(1, Math.abs(expected)));
    }

    private static void assertClose(float[] actual, float[] expected, String what) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertClose(actual[i], expected[i], what + "[" + i + "]");
        }
    }

    private static void assertClose(float[][] actual, JsonNode expected, String what) {
        for (int i = 0; i < actual.length; i++) {
            assertClose(actual[i], Golden.floats(expected.get(i)), what + "[" + i + "]");
        }
    }

    private static List<TokenSequence> sequences(JsonNode step) {
        List<int[]> prompts = Golden.intRows(step.get("prompts"));
        List<int[]> responses = Golden.intRows(step.get("responses"));
        List<TokenSequence> sequences = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            sequences.add(new TokenSequence(prompts.get(i), responses.get(i)));
        }
        return sequences;
    }

    private static OptimizerSettings optimizer(JsonNode step) {
        JsonNode json = step.get("optimizer");
        return new OptimizerSettings(
                json.get("betas").get(0).asDouble(),
                json.get("betas").get(1).asDouble(),
                json.get("eps").asDouble(),
                json.get("weight_decay").asDouble(),
                step.get("max_grad_norm").asDouble());
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void shouldTokenizeAsTransformers(Golden golden) {
        JsonNode json = golden.json();
        try (Tokenizer tokenizer = golden.checkpoint().tokenizer()) {
            for (JsonNode text : json.get("texts")) {
                assertThat(tokenizer.encode(text.get("text").asText())).isEqualTo(Golden.ints(text.get("ids")));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void shouldRenderAndEncodeTheChatAsTransformers(Golden golden) {
        JsonNode json = golden.json();
        List<ChatMessage> messages = new ArrayList<>();
        json.get("chat")
                .get("messages")
                .forEach(message -> messages.add(new ChatMessage(
                        message.get("role").asText(), message.get("content").asText())));
        try (Tokenizer tokenizer = golden.checkpoint().tokenizer()) {
            assertThat(tokenizer.renderPrompt(messages))
                    .isEqualTo(json.get("chat").get("text").asText());
            assertThat(tokenizer.encodePrompt(messages))
                    .isEqualTo(Golden.ints(json.get("chat").get("ids")));
        }
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void shouldComputeTheLogitsOfTransformers(Golden golden) {
        JsonNode json = golden.json();
        int[] ids = Golden.ints(json.get("logits").get("ids"));
        try (PolicyModel policy = PolicyModel.load(golden.checkpoint(), TestModels.settings())) {
            assertClose(
                    Probe.logSoftmaxAfter(policy, ids),
                    Probe.logSoftmax(Golden.floats(json.get("logits").get("last"))),
                    "last");
            assertClose(
                    Probe.logSoftmaxAfter(policy, new int[] {ids[0]}),
                    Probe.logSoftmax(Golden.floats(json.get("logits").get("first"))),
                    "first");
        }
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void shouldComputeTheLogitsOfTransformersAtFarPositions(Golden golden) {
        JsonNode json = golden.json().path("long");
        assumeThat(json.isObject()).as("%s has long sequences", golden).isTrue();
        try (PolicyModel policy = PolicyModel.load(golden.checkpoint(), TestModels.settings())) {
            assertClose(
                    Probe.logSoftmaxAfter(policy, Golden.ints(json.get("ids"))),
                    Probe.logSoftmax(Golden.floats(json.get("last"))),
                    "last");
        }
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void shouldContinueGreedilyAsTransformers(Golden golden) {
        JsonNode json = golden.json();
        int[] prompt = Golden.ints(json.get("greedy").get("prompt"));
        int[] expected = Golden.ints(json.get("greedy").get("continuation"));
        try (PolicyModel policy = PolicyModel.load(golden.checkpoint(), TestModels.settings())) {
            List<Completion> completions = new Sampler(policy, Set.of())
                    .sample(List.of(new SampleRequest(prompt, 1)), new SamplingParameters(0, 1, 0, expected.length));
            assertThat(completions.get(0).tokens()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void shouldTakeTheSppoStepOfTransformers(Golden golden) {
        JsonNode json = golden.json();
        JsonNode step = json.get("sppo_step");
        List<TokenSequence> batch = sequences(step);
        double temperature = step.get("temperature").asDouble();
        List<float[]> behaviour = Golden.floatRows(step.get("behaviour_logp"));
        float[] rewards = Golden.floats(step.get("rewards"));
        float[] values = Golden.floats(step.get("values"));
        int tokens = batch.stream().mapToInt(each -> each.response().length).sum();
        double[] losses = new double[batch.size()];
        TokenLoss loss = (i, logProbs) -> {
            SppoLoss of = SppoLoss.of(
                    logProbs,
                    behaviour.get(i),
                    rewards[i] - values[i],
                    step.get("clip").asDouble(),
                    step.get("dual_clip").asDouble(),
                    tokens);
            losses[i] = of.value();
            return of.gradient();
        };
        try (PolicyModel policy = PolicyModel.load(golden.checkpoint(), TestModels.settings())) {
            assertClose(policy.logProbs(batch, temperature), step.get("logp"), "logp");
            try (PolicyTrainer trainer =
                    new PolicyTrainer(policy, optimizer(step), new TrainingSettings(4096, 1, false))) {
                UpdateResult result = trainer.update(
                        batch, temperature, step.get("optimizer").get("lr").asDouble(), loss);
                assertThat(result.applied()).isTrue();
                assertClose(losses[0] + losses[1], step.get("loss").asDouble(), "loss");
                assertClose(
                        result.gradientNorm(),
                        step.get("grad_norm_before_clipping").asDouble(),
                        "norm");
            }
            assertClose(policy.logProbs(batch, temperature), step.get("logp_after"), "logp after");
            for (Map.Entry<String, JsonNode> sum : step.get("param_sum_after").properties()) {
                assertClose(
                        Probe.sum(policy.model(), sum.getKey()), sum.getValue().asDouble(), sum.getKey());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void shouldTakeTheCriticStepOfTransformers(Golden golden) {
        JsonNode json = golden.json();
        JsonNode step = json.get("critic_step");
        JsonNode policyStep = json.get("sppo_step");
        List<int[]> prompts = Golden.intRows(policyStep.get("prompts"));
        float[] rewards = Golden.floats(policyStep.get("rewards"));
        double[] losses = new double[prompts.size()];
        TokenLoss loss = (i, z) -> {
            double value = 1 / (1 + Math.exp(-z[0]));
            losses[i] = -(rewards[i] * Math.log(value) + (1 - rewards[i]) * Math.log(1 - value)) / rewards.length;
            return new float[] {(float) (value - rewards[i]) / rewards.length};
        };
        try (CriticModel critic = CriticModel.load(golden.checkpoint(), TestModels.settings())) {
            Probe.set(
                    critic.model(),
                    "score.weight",
                    Golden.floats(step.get("score_weight").get(0)));
            Probe.set(critic.model(), "score.bias", new float[] {
                (float) step.get("score_bias").asDouble()
            });
            assertClose(critic.logits(prompts), Golden.floats(step.get("logits")), "logits");
            try (CriticTrainer trainer =
                    new CriticTrainer(critic, optimizer(policyStep), new TrainingSettings(4096, 1, false))) {
                UpdateResult result = trainer.update(
                        TestModels.scored(prompts),
                        policyStep.get("optimizer").get("lr").asDouble(),
                        loss);
                assertClose(losses[0] + losses[1], step.get("bce").asDouble(), "loss");
                assertClose(
                        result.gradientNorm(),
                        step.get("grad_norm_before_clipping").asDouble(),
                        "norm");
            }
            assertClose(critic.logits(prompts), Golden.floats(step.get("logits_after")), "logits after");
        }
    }
}
