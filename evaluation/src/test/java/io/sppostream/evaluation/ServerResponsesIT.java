package io.sppostream.evaluation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sppostream.feed.data.Problem;
import io.sppostream.log.UserException;
import io.sppostream.model.SamplingParameters;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server with the answers of vLLM's chat completions. */
class ServerResponsesIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final SamplingParameters SAMPLING = new SamplingParameters(0.6, 0.9, 0, 32);

    private final AtomicInteger calls = new AtomicInteger();
    private final Queue<JsonNode> questions = new ConcurrentLinkedQueue<>();
    private final Queue<Integer> failures = new ConcurrentLinkedQueue<>();
    private final Queue<String> keys = new ConcurrentLinkedQueue<>();
    private String models = "{\"data\": [{\"id\": \"tiny\"}]}";
    private String message = "{\"content\": \"\\\\boxed{2}\"}";
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/v1/models", exchange -> reply(exchange, 200, models));
        server.createContext("/v1/chat/completions", this::complete);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void complete(HttpExchange exchange) throws IOException {
        calls.incrementAndGet();
        keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        questions.add(JSON.readTree(exchange.getRequestBody().readAllBytes()));
        Integer failure = failures.poll();
        if (failure != null) {
            reply(exchange, failure, "{\"error\": {\"message\": \"no luck\", \"code\": " + failure + "}}");
            return;
        }
        reply(
                exchange,
                200,
                "{\"choices\": [{\"message\": " + message
                        + ", \"finish_reason\": \"stop\"}], \"usage\": {\"completion_tokens\": 5}}");
    }

    private static void reply(HttpExchange exchange, int status, String body) {
        byte[] bytes = body.getBytes(UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private GenerationServer address(@Nullable String model) {
        GenerationServer usual = GenerationServer.of(
                "http://127.0.0.1:" + server.getAddress().getPort() + "/",
                model,
                "secret-key",
                4,
                Duration.ofSeconds(10));
        return new GenerationServer(
                usual.base(), model, usual.apiKey(), 4, 3, Duration.ofMillis(1), Duration.ofSeconds(10));
    }

    private static List<Request> requests(int samples) {
        return Request.of(
                Problem.asked("0", "1+1?", "2").toPrompt("sums/0", "sums", samples, null, 0, 0, Instant.EPOCH), 1);
    }

    private Map<Integer, GenerationResult> sample(List<Request> requests) throws InterruptedException {
        Map<Integer, GenerationResult> results = new ConcurrentHashMap<>();
        try (ServerResponses responses = new ServerResponses(address(null), SAMPLING)) {
            responses.sample(requests, () -> false, (result, index) -> results.put(index, result));
        }
        return results;
    }

    private static Response response(Map<Integer, GenerationResult> results, int index) {
        return (Response) Objects.requireNonNull(results.get(index));
    }

    private static String text(Map<Integer, GenerationResult> results, int index) {
        return response(results, index).text();
    }

    @Test
    void shouldAskForEachSampleWithItsSeedAndAllParameters() throws InterruptedException {
        List<Request> requests = requests(10);

        Map<Integer, GenerationResult> results = sample(requests);

        assertThat(results).hasSize(10);
        assertThat(text(results, 3)).isEqualTo("\\boxed{2}");
        assertThat(response(results, 3).tokens()).hasSize(5);
        assertThat(questions)
                .extracting(question -> question.get("seed").asLong())
                .containsExactlyInAnyOrderElementsOf(
                        requests.stream().map(request -> request.seed() >>> 33).toList());
        JsonNode question = questions.element();
        assertThat(question.get("model").asText()).isEqualTo("tiny");
        assertThat(question.get("temperature").asDouble()).isEqualTo(0.6);
        assertThat(question.get("top_p").asDouble()).isEqualTo(0.9);
        assertThat(question.get("max_tokens").asInt()).isEqualTo(32);
        assertThat(question.at("/messages/0/content").asText()).isEqualTo("1+1?");
        assertThat(keys).containsOnly("Bearer secret-key");
    }

    @Test
    void shouldRepeatWhatMayBeAnsweredLater() throws InterruptedException {
        failures.addAll(List.of(503, 429));

        assertThat(sample(requests(1))).hasSize(1);
        assertThat(calls).hasValue(3);
    }

    @Test
    void shouldStopWhenTheServerRefusesOrFailsForGood() {
        failures.add(400);
        assertThatThrownBy(() -> sample(requests(1)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("status 400: no luck");
        failures.addAll(List.of(500, 500, 500));
        assertThatThrownBy(() -> sample(requests(1)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("after 3 attempts");
    }

    @Test
    void shouldPutTheThinkingOfAReasoningParserBackInFront() throws InterruptedException {
        message = "{\"reasoning_content\": \"hm\", \"content\": \"\\\\boxed{2}\"}";
        assertThat(text(sample(requests(1)), 0)).isEqualTo("<think>hm</think>\\boxed{2}");
        message = "{\"reasoning_content\": \"hm\", \"content\": null}";
        assertThat(text(sample(requests(1)), 0)).isEqualTo("<think>hm");
    }

    @Test
    void shouldAskWhichOfSeveralModelsIsMeant() {
        models = "{\"data\": [{\"id\": \"tiny\"}, {\"id\": \"large\"}]}";
        assertThatThrownBy(() -> sample(requests(1)))
                .hasMessageContaining("the models tiny, large: name one with --served-model-name");
        assertThatThrownBy(() -> new ServerResponses(address("huge"), SAMPLING))
                .hasMessageContaining("has no model 'huge'; it has tiny, large");
    }

    @Test
    void shouldEndWhenItIsCancelled() throws InterruptedException {
        try (ServerResponses responses = new ServerResponses(address(null), SAMPLING)) {
            assertThatThrownBy(() -> responses.sample(requests(1), () -> true, (result, index) -> {}))
                    .isInstanceOf(CancellationException.class);
        }
        assertThat(calls.get()).isLessThanOrEqualTo(1);
    }
}
