package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.log.UserException;
import io.sppostream.model.SampleRequest;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Sampling by a server with OpenAI's completions, such as vLLM: all prompts in one request, as token ids. */
final class ServerSampling {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI base;
    private final String model;

    /**
     * @param url address of the server, without {@code /v1}
     * @throws UserException if it does not serve a model
     */
    ServerSampling(String url) throws IOException, InterruptedException {
        this.base = URI.create(url.replaceAll("/+$", "") + "/v1/");
        this.model = call(HttpRequest.newBuilder(base.resolve("models")))
                .path("data")
                .path(0)
                .path("id")
                .asText();
    }

    /** The server, for a line of the result. */
    String name() {
        return model + " at " + base;
    }

    /**
     * Samples responses of a number of tokens, with the log-probability of each.
     *
     * @return seconds until all are there
     * @throws UserException if one of them is shorter
     */
    double seconds(List<SampleRequest> requests, int tokens) throws IOException, InterruptedException {
        ObjectNode body = JSON.createObjectNode()
                .put("model", model)
                .put("max_tokens", tokens)
                .put("temperature", 1)
                .put("ignore_eos", true)
                .put("logprobs", 0);
        ArrayNode prompts = body.putArray("prompt");
        for (SampleRequest request : requests) {
            ArrayNode ids = prompts.addArray();
            for (int id : request.prompt()) {
                ids.add(id);
            }
        }
        long start = System.nanoTime();
        JsonNode answer = call(HttpRequest.newBuilder(base.resolve("completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))));
        double seconds = (System.nanoTime() - start) / 1e9;
        int sampled = answer.path("usage").path("completion_tokens").asInt();
        if (sampled != requests.size() * tokens) {
            throw new UserException("the server at " + base + " sampled " + sampled + " tokens instead of "
                    + requests.size() * tokens + ": does it know ignore_eos?");
        }
        return seconds;
    }

    private JsonNode call(HttpRequest.Builder request) throws IOException, InterruptedException {
        try {
            HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            if (response.statusCode() != 200) {
                throw new UserException("the server at " + base + " answers with status " + response.statusCode() + ": "
                        + new String(response.body(), StandardCharsets.UTF_8));
            }
            return JSON.readTree(response.body());
        } catch (ConnectException e) {
            throw new UserException("no connection to the server at " + base + ": is it running?");
        }
    }
}
