package io.sppostream.evaluation;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.events.FinishReason;
import io.sppostream.log.LogException;
import io.sppostream.log.Redactor;
import io.sppostream.log.UserException;
import io.sppostream.model.SamplingParameters;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.ObjIntConsumer;

/**
 * Samples from a server with the chat completions of OpenAI's API, such as vLLM and SGLang, which applies the chat template
 * of the model. Every sample is a request of its own, with the upper 31 bits of the sample's seed: some servers take no
 * more. A request is repeated after an error of the connection, a timeout, or the status 408, 429 or 5xx; any other status
 * ends the evaluation.
 *
 * <p>All sampling parameters are sent, since servers take those that are missing from the model's generation_config.json.
 */
public final class ServerResponses implements ResponseSource {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;
    private static final int LONGEST_MESSAGE = 300;
    private static final int CANCEL_POLL_MILLIS = 100;

    private final GenerationServer server;
    private final String model;
    private final SamplingParameters sampling;
    private final HttpClient client;

    /**
     * Connects to a server.
     *
     * @throws UserException if it does not answer, or has several models and none is named
     */
    public ServerResponses(GenerationServer server, SamplingParameters sampling) throws InterruptedException {
        this.server = server;
        this.sampling = sampling;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        this.model = chooseModel();
    }

    @Override
    public String name() {
        return model;
    }

    /** The server's name of the model is all that is known of the weights. */
    @Override
    public SortedMap<String, String> identity() {
        return new TreeMap<>(Map.of("model", "server:" + model));
    }

    private String chooseModel() throws InterruptedException {
        JsonNode answer;
        try {
            answer = call(request("/models").GET().build(), 1, () -> false);
        } catch (UserException e) {
            throw new UserException("--server: " + e.getMessage());
        }
        List<String> models = new ArrayList<>();
        answer.path("data").forEach(one -> models.add(one.path("id").asText()));
        String wanted = server.model();
        if (wanted != null) {
            if (!models.isEmpty() && !models.contains(wanted)) {
                throw new UserException("--served-model-name: the server has no model '" + wanted + "'; it has "
                        + String.join(", ", models));
            }
            return wanted;
        }
        if (models.size() != 1) {
            throw new UserException("--server: the server at " + server + " has "
                    + (models.isEmpty() ? "named no model" : "the models " + String.join(", ", models))
                    + ": name one with --served-model-name");
        }
        return models.get(0);
    }

    @Override
    public void sample(List<Request> requests, BooleanSupplier cancelled, ObjIntConsumer<GenerationResult> onResult)
            throws InterruptedException {
        int workers = Math.max(1, Math.min(server.concurrency(), requests.size()));
        ExecutorService threads = Executors.newFixedThreadPool(workers, task -> {
            Thread thread = new Thread(task, "evaluation-server");
            thread.setDaemon(true);
            return thread;
        });
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> work = new ArrayList<>();
        try {
            for (int worker = 0; worker < workers; worker++) {
                work.add(threads.submit(() -> {
                    for (int i = next.getAndIncrement(); i < requests.size(); i = next.getAndIncrement()) {
                        onResult.accept(answer(requests.get(i), cancelled), i);
                    }
                    return null;
                }));
            }
            for (Future<?> each : work) {
                await(each);
            }
        } finally {
            next.set(requests.size());
            threads.shutdownNow();
        }
    }

    private static void await(Future<?> work) throws InterruptedException {
        try {
            work.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private Response answer(Request request, BooleanSupplier cancelled) throws InterruptedException {
        JsonNode answer = call(
                request("/chat/completions")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(question(request)))
                        .build(),
                server.attempts(),
                cancelled);
        JsonNode choice = answer.path("choices").path(0);
        JsonNode message = choice.path("message");
        if (message.isMissingNode()) {
            throw new UserException(
                    "the server at " + server + " answered without a message: " + cut(answer.toString()));
        }
        FinishReason finish =
                choice.path("finish_reason").asText().equals("length") ? FinishReason.LENGTH : FinishReason.STOP;
        // The ids of the tokens are not asked for: only their number counts here.
        return new Response(
                new int[0],
                new int[answer.path("usage").path("completion_tokens").asInt(0)],
                text(message),
                null,
                new float[0],
                List.of(),
                finish,
                false,
                false,
                null);
    }

    /** The response with its thinking, which a server with a parser of reasoning returns separately. */
    private static String text(JsonNode message) {
        String thinking = message.path("reasoning_content")
                .asText(message.path("reasoning").asText(""));
        String content = message.path("content").asText("");
        if (thinking.isEmpty()) {
            return content;
        }
        boolean cutOff = content.isEmpty(); // It never stopped thinking.
        return "<think>" + thinking + (cutOff ? "" : "</think>" + content);
    }

    private byte[] question(Request request) {
        ObjectNode question = JSON.createObjectNode()
                .put("model", model)
                .put("temperature", sampling.temperature())
                .put("top_p", sampling.topP())
                .put("max_tokens", sampling.maxTokens())
                .put("seed", request.seed() >>> 33)
                .put("n", 1)
                .put("stream", false);
        ArrayNode messages = question.putArray("messages");
        request.prompt()
                .getMessages()
                .forEach(message ->
                        messages.addObject().put("role", message.getRole()).put("content", message.getContent()));
        try {
            return JSON.writeValueAsBytes(question);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.base() + path));
        if (server.apiKey() != null) {
            request.header("Authorization", "Bearer " + server.apiKey());
        }
        return request;
    }

    /** Sends a request until it is answered. */
    private JsonNode call(HttpRequest request, int attempts, BooleanSupplier cancelled) throws InterruptedException {
        long wait = server.backoff().toMillis();
        for (int attempt = 1; ; attempt++) {
            checkCancelled(cancelled);
            String failure;
            try {
                HttpResponse<byte[]> response = exchange(request, cancelled);
                if (response.statusCode() == OK) {
                    return JSON.readTree(response.body());
                }
                failure = "status " + response.statusCode() + ": " + message(response.body());
                if (!mayBeRepeated(response.statusCode())) {
                    throw new UserException("the server at " + server + " refuses a request, " + failure);
                }
            } catch (TimeoutException e) {
                failure = "no answer within " + server.timeout().toSeconds() + " s";
            } catch (IOException e) {
                // Java's message of a refused connection is the name of a class.
                failure = e.getCause() instanceof ConnectException ? "no connection" : LogException.reason(e);
            }
            if (attempt >= attempts) {
                throw new UserException("the server at " + server + " does not answer ("
                        + Redactor.text(failure) + ") after "
                        + attempts + (attempts == 1 ? " attempt" : " attempts")
                        + ": is it running? The samples so far are kept");
            }
            sleep(wait, cancelled);
            wait *= 2;
        }
    }

    private HttpResponse<byte[]> exchange(HttpRequest request, BooleanSupplier cancelled)
            throws IOException, InterruptedException, TimeoutException {
        CompletableFuture<HttpResponse<byte[]>> exchange =
                client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
        CountDownLatch done = new CountDownLatch(1);
        exchange.whenComplete((response, error) -> done.countDown());
        long end = System.nanoTime() + server.timeout().toNanos();
        try {
            while (!done.await(CANCEL_POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                checkCancelled(cancelled);
                if (System.nanoTime() >= end) {
                    throw new TimeoutException();
                }
            }
            return exchange.get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } finally {
            exchange.cancel(true); // Closes the connection, so that the server stops generating.
        }
    }

    private static boolean mayBeRepeated(int status) {
        return status == 408 || status == 429 || status >= 500;
    }

    private static void sleep(long millis, BooleanSupplier cancelled) throws InterruptedException {
        for (long left = millis; left > 0; left -= CANCEL_POLL_MILLIS) {
            checkCancelled(cancelled);
            TimeUnit.MILLISECONDS.sleep(Math.min(left, CANCEL_POLL_MILLIS));
        }
    }

    private static void checkCancelled(BooleanSupplier cancelled) {
        if (cancelled.getAsBoolean()) {
            throw new CancellationException("the evaluation was cancelled");
        }
    }

    private static String message(byte[] body) {
        String text = new String(body, UTF_8);
        try {
            JsonNode json = JSON.readTree(text);
            JsonNode nested = json.path("error").path("message");
            String said =
                    nested.isTextual() ? nested.asText() : json.path("message").asText(null);
            return cut(said == null ? text : said);
        } catch (JsonProcessingException e) {
            return cut(text);
        }
    }

    private static String cut(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + " ...";
    }

    @Override
    public void close() {
        // The client of Java 17 cannot be closed: its threads end when it is garbage collected.
    }
}
