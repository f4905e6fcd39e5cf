package io.sppostream.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Refusal;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResponseSamplerTest {
    private static final double TEMPERATURE = 0.9;
    private static final SamplingParameters SAMPLING = new SamplingParameters(TEMPERATURE, 1, 0, 5);
    private static final String SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private final PolicyModel model;
    private final Tokenizer tokenizer;
    private final ResponseSampler sampler;

    ResponseSamplerTest(@TempDir Path directory) throws Exception {
        Checkpoint checkpoint = TestPolicy.write(directory);
        model = PolicyModel.load(checkpoint, ModelSettings.cpu());
        tokenizer = checkpoint.tokenizer();
        sampler = new ResponseSampler(tokenizer, SAMPLING, new SamplingThreads(1));
    }

    @AfterAll
    void close() {
        tokenizer.close();
        model.close();
    }

    /** Prompts of 3 to 9 tokens. */
    private static List<Request> requests(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> request("r-" + i, i % 10 + "+" + "1".repeat(1 + i % 7) + "="))
                .toList();
    }

    private static Request request(String requestId, String question) {
        return Request.of(TestPolicy.prompt(requestId, question, 1), 1).get(0);
    }

    private List<GenerationResult> sample(List<Request> requests) {
        return sampler.sample(model, 7, SHA, requests);
    }

    private Response answer(Request request) {
        return (Response) sample(List.of(request)).get(0);
    }

    @Test
    void shouldGiveTheSameResponsesWhenThreadsShareABatch() {
        List<Request> requests = requests(37);
        try (SamplingThreads three = new SamplingThreads(3)) {
            List<GenerationResult> shared =
                    new ResponseSampler(tokenizer, SAMPLING, three).sample(model, 7, SHA, requests);
            assertThat(shared)
                    .usingRecursiveComparison()
                    .ignoringFieldsMatchingRegexes(".*seconds")
                    .isEqualTo(sample(requests));
        }
    }

    @Test
    void shouldKeepTheOrderWhenPromptsInTheMiddleAreRefused() {
        Request first = request("r-0", "1+2=");
        Request tooLong = request("r-1", "1".repeat(16));
        Request empty = request("r-2", "");
        Request last = request("r-3", "34+5=");
        Request longest = request("r-4", "1".repeat(15));

        List<GenerationResult> results = sample(List.of(first, tooLong, empty, last, longest));

        assertThat(results).hasSize(5);
        assertThat(results.get(1)).isEqualTo(new Refusal("a prompt of 16 tokens: the policy takes 1 to 15"));
        assertThat(results.get(2)).isEqualTo(new Refusal("a prompt of 0 tokens: the policy takes 1 to 15"));
        assertThat(((Response) results.get(0)).promptTokens()).containsExactly(1, 10, 2, 11);
        assertThat(((Response) results.get(3)).promptTokens()).containsExactly(3, 4, 10, 5, 11);
        assertThat(((Response) results.get(0)).tokens()).isEqualTo(answer(first).tokens());
        assertThat(((Response) results.get(3)).tokens()).isEqualTo(answer(last).tokens());
        assertThat(((Response) results.get(4)).promptTokens()).hasSize(15);
    }

    @Test
    void shouldRefuseAPromptThatTheChatTemplateRefuses(@TempDir Path directory) throws Exception {
        Files.writeString(
                directory.resolve("chat_template.jinja"),
                "{% for m in messages %}{% if m.role == 'wizard' %}{{ raise_exception('no wizards') }}{% endif %}"
                        + "{{ m.content }}{% endfor %}");
        Prompt prompt = TestPolicy.prompt("r-0", "1+2=", 1);
        List<Message> wizard = List.of(new Message("wizard", "1+2="));
        Prompt refused = new Prompt("r-1", "p", "addition", wizard, "42", 1, 0, Instant.EPOCH, null, null, 0);
        try (Tokenizer withTemplate = TestPolicy.write(directory).tokenizer()) {
            List<GenerationResult> results = new ResponseSampler(withTemplate, SAMPLING, new SamplingThreads(1))
                    .sample(model, 7, SHA, List.of(new Request(refused, 0, 1), new Request(prompt, 0, 1)));
            assertThat(results.get(0))
                    .isEqualTo(new Refusal("the chat template can't render this conversation: no wizards"));
            assertThat(results.get(1)).isInstanceOf(Response.class);
        }
    }

    @Test
    void shouldReturnNothingWhenNothingIsAsked() {
        assertThat(sample(List.of())).isEmpty();
        assertThat(sample(List.of(request("r-1", "")))).hasOnlyElementsOfType(Refusal.class);
    }

    @Test
    void shouldAnswerTheSameInAnyBatch() {
        List<Request> requests = requests(40);
        List<Request> shuffled = new ArrayList<>(requests);
        Collections.shuffle(shuffled, new Random(1));
        List<GenerationResult> together = sample(requests);
        List<GenerationResult> otherwise = sample(shuffled);

        for (int i = 0; i < requests.size(); i++) {
            Response alone = answer(requests.get(i));
            Response one = (Response) together.get(i);
            Response other = (Response) otherwise.get(shuffled.indexOf(requests.get(i)));
            assertThat(one.tokens()).isEqualTo(alone.tokens());
            assertThat(other.tokens()).isEqualTo(alone.tokens());
            assertThat(one.logProbs()).containsExactly(alone.logProbs(), within(1e-5f));
            assertThat(other.logProbs()).containsExactly(alone.logProbs(), within(1e-5f));
        }
    }

    @Test
    void shouldAnswerDifferentlyWhenTheSeedDiffers() {
        Set<String> texts = new HashSet<>();
        for (GenerationResult result : sample(Request.of(TestPolicy.prompt("r-1", "1+2=", 50), 1))) {
            texts.add(((Response) result).text());
        }
        assertThat(texts).hasSizeGreaterThan(25);
    }

    @Test
    void shouldReturnTheLogProbsThatItSampledFrom() {
        for (GenerationResult result : sample(requests(20))) {
            Response response = (Response) result;
            TokenSequence sequence = new TokenSequence(response.promptTokens(), response.tokens());
            assertThat(response.logProbs())
                    .containsExactly(model.logProbs(List.of(sequence), TEMPERATURE)[0], within(1e-5f));
        }
    }

    @Test
    void shouldEndAtTheEndTokenOrTheLimit() {
        Set<FinishReason> reasons = new HashSet<>();
        for (GenerationResult result : sample(requests(100))) {
            Response response = (Response) result;
            int[] tokens = response.tokens();
            boolean ended = tokens[tokens.length - 1] == TestPolicy.END;
            reasons.add(response.finishReason());
            assertThat(response.finishReason()).isEqualTo(ended ? FinishReason.STOP : FinishReason.LENGTH);
            assertThat(tokens.length).isBetween(ended ? 1 : 5, 5);
            assertThat(IntStream.of(tokens).filter(token -> token == TestPolicy.END))
                    .hasSize(ended ? 1 : 0);
            assertThat(response.text()).hasSize(tokens.length - (ended ? 1 : 0));
            assertThat(response.segments()).containsExactly(new PolicySegment(tokens.length, 7, SHA));
        }
        assertThat(reasons).containsExactlyInAnyOrder(FinishReason.STOP, FinishReason.LENGTH);
    }

    @Test
    void shouldFillEveryFieldOfARollout() {
        Request request = Request.of(TestPolicy.prompt("r-1", "1+2=", 3), 1).get(2);
        Response response = new Response(
                new int[] {1, 10, 2, 11},
                new int[] {3, 12},
                "3",
                null,
                new float[] {-0.5f, -0.25f},
                List.of(new PolicySegment(2, 7, SHA)),
                FinishReason.STOP,
                false,
                true,
                0.25);

        Rollout rollout = response.toRollout(request, SAMPLING, Instant.ofEpochSecond(9));

        assertThat(rollout)
                .isEqualTo(Rollout.newBuilder()
                        .setRolloutId("r-1/2")
                        .setRequestId("r-1")
                        .setPromptId("p/1+2=")
                        .setDataset("addition")
                        .setMessages(request.prompt().getMessages())
                        .setReference("42")
                        .setSampleIndex(2)
                        .setSamples(3)
                        .setPromptTokens(List.of(1, 10, 2, 11))
                        .setResponseTokens(List.of(3, 12))
                        .setText("3")
                        .setBehaviourLogProbs(List.of(-0.5f, -0.25f))
                        .setPolicySegments(List.of(new PolicySegment(2, 7, SHA)))
                        .setSampling(new SamplingSettings(TEMPERATURE, 1.0, 0, 5))
                        .setSeed(Seeds.of(1, "r-1", 2))
                        .setFinishReason(FinishReason.STOP)
                        .setSampledAt(Instant.ofEpochSecond(9))
                        .setPromptOpensThinking(true)
                        .setSamplingSeconds(0.25)
                        .build());
    }
}
