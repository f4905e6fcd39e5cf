package io.sppostream.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Calls a service: one POST request per batch with a JSON list of rollouts. The response is a JSON list of judgements in
 * any order. A status code other than 200, a body that is not JSON or very long, a missing judgement and an invalid one
 * count as INFRA_ERROR, and a late response as TIMEOUT. None of them is a reward of 0.
 *
 * <pre>{@code
 * [{"rolloutId": "0000000007/0", "prompt": [{"role": "user", "content": "12+30="}], "response": "42",
 *   "reference": "42", "dataset": "addition", "settings": {}}]
 *
 * [{"rolloutId": "0000000007/0", "status": "CORRECT", "reward": 1.0, "extracted": "42", "rule": "equal"}]
 * }</pre>
 */
final class HttpCalls implements Attempts.Attempt {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;

    private final HttpService service;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    HttpCalls(HttpService service) {
        this.service = service;
    }

    @Override
    public CompletableFuture<List<Judgement>> at(List<Rollout> batch, Duration timeout) {
        HttpRequest.Builder request = HttpRequest.newBuilder(service.url())
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(question(batch)));
        if (service.authorization() != null) {
            request.header("Authorization", service.authorization());
        }
        CompletableFuture<HttpResponse<byte[]>> exchange =
                client.sendAsync(request.build(), response -> new BoundedBody(mostBytes(batch.size())));
        // A timeout of the request covers the headers only: a body that never arrives would hold the connection.
        return exchange.copy()
                .orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((response, error) -> exchange.cancel(true))
                .thenApply(response -> answers(batch, response.statusCode(), response.body()))
                .exceptionally(error -> failed(batch, error));
    }

    /** The longest body that is read: ample for judgements of that many rollouts, whose text is cut anyway. */
    static int mostBytes(int rollouts) {
        return (256 << 10) + Math.min(rollouts, 256) * (64 << 10);
    }

    private static List<Judgement> failed(List<Rollout> batch, Throwable error) {
        for (Throwable each = error; each != null; each = each.getCause()) {
            if (each instanceof BoundedBody.TooLongException) {
                return batch.stream().map(rollout -> unusable("body-too-long")).toList();
            }
        }
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        return cause instanceof TimeoutException
                ? Attempts.timedOut(batch.size())
                : batch.stream().map(rollout -> Judgement.failed(cause)).toList();
    }

    private byte[] question(List<Rollout> batch) {
        ArrayNode list = JSON.createArrayNode();
        for (Rollout rollout : batch) {
            ObjectNode one = list.addObject().put("rolloutId", rollout.getRolloutId());
            ArrayNode prompt = one.putArray("prompt");
            rollout.getMessages()
                    .forEach(message ->
                            prompt.addObject().put("role", message.getRole()).put("content", message.getContent()));
            one.put("response", rollout.getText())
                    .put("reference", rollout.getReference())
                    .put("dataset", rollout.getDataset())
                    .putPOJO("settings", service.settings());
        }
        try {
            return JSON.writeValueAsBytes(list);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Judgement> answers(List<Rollout> batch, int status, byte[] body) {
        if (status != OK) {
            return batch.stream().map(rollout -> unusable("http-" + status)).toList();
        }
        Map<String, JsonNode> byRollout = new HashMap<>();
        try {
            JSON.readTree(body)
                    .forEach(one -> byRollout.put(one.path("rolloutId").asText(), one));
        } catch (IOException e) {
            return batch.stream().map(rollout -> unusable("no-json")).toList();
        }
        return batch.stream()
                .map(rollout -> answer(byRollout.get(rollout.getRolloutId())))
                .toList();
    }

    private static Judgement answer(@Nullable JsonNode answer) {
        if (answer == null) {
            return unusable("no-answer");
        }
        try {
            VerdictStatus status = VerdictStatus.valueOf(answer.path("status").asText());
            JsonNode reward = answer.path("reward");
            return new Judgement(
                    status,
                    reward.isNumber() ? Double.valueOf(reward.doubleValue()) : null,
                    answer.path("extracted").isTextual()
                            ? answer.get("extracted").textValue()
                            : null,
                    answer.path("rule").asText("unnamed"));
        } catch (IllegalArgumentException e) {
            return unusable("bad-answer");
        }
    }

    private static Judgement unusable(String rule) {
        return Judgement.notJudged(VerdictStatus.INFRA_ERROR, rule);
    }

    @Override
    public void close() {
        // The client of Java 17 cannot be closed: its threads end when it is garbage collected.
    }
}
