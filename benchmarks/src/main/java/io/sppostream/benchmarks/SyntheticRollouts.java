package io.sppostream.benchmarks;

import static java.util.stream.Collectors.joining;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.RolloutIds;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Rollouts without a model: token ids of a vocabulary of 50,000, the word of each, and log-probabilities, drawn from a
 * fixed seed, so that they compress no better than real ones. For one thread.
 */
final class SyntheticRollouts {
    private static final int VOCABULARY = 50_000;
    private static final int PROMPT_TOKENS = 16;

    /** Responses are drawn in advance and repeated, so that making a rollout costs little. */
    private static final int RESPONSES = 64;

    private final List<Integer> prompt;
    private final List<List<Integer>> responses;
    private final List<String> texts;
    private final List<List<Float>> logProbs;
    private int next;

    /** @param tokens of each response */
    SyntheticRollouts(int tokens) {
        Random random = new Random(1);
        prompt = tokens(random, PROMPT_TOKENS);
        responses = IntStream.range(0, RESPONSES)
                .mapToObj(i -> tokens(random, tokens))
                .toList();
        texts = responses.stream()
                .map(response -> response.stream().map(SyntheticRollouts::word).collect(joining()))
                .toList();
        logProbs = IntStream.range(0, RESPONSES)
                .mapToObj(i -> IntStream.range(0, tokens)
                        .mapToObj(t -> (float) Math.log(1 - 0.99 * random.nextDouble()))
                        .toList())
                .toList();
    }

    private static List<Integer> tokens(Random random, int count) {
        return random.ints(count, 0, VOCABULARY).boxed().toList();
    }

    /** A blank and 1 to 6 letters. */
    private static String word(int token) {
        Random letters = new Random(token);
        return letters.ints(1 + letters.nextInt(6), 'a', 'z' + 1)
                .collect(() -> new StringBuilder(" "), StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** The id of a request; ids of equal length sort by number. */
    static String requestId(int number) {
        return String.format(Locale.ROOT, "%010d", number);
    }

    /** The only rollout of a request. Its answer is wrong. */
    Rollout rollout(String requestId) {
        int response = next++ % RESPONSES;
        int tokens = responses.get(response).size();
        return Rollout.newBuilder()
                .setRolloutId(RolloutIds.of(requestId, 0))
                .setRequestId(requestId)
                .setPromptId("p")
                .setDataset("addition")
                .setMessages(List.of(new Message("user", "12+30=")))
                .setReference("42")
                .setSampleIndex(0)
                .setSamples(1)
                .setPromptTokens(prompt)
                .setResponseTokens(responses.get(response))
                .setText(texts.get(response))
                .setBehaviourLogProbs(logProbs.get(response))
                .setPolicySegments(List.of(new PolicySegment(tokens, 1, "0".repeat(64))))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, tokens))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.now())
                .build();
    }

    /** The value of a request. */
    static Value value(String requestId) {
        return Value.newBuilder()
                .setRequestId(requestId)
                .setCriticVersion(1)
                .setCriticSha256("0".repeat(64))
                .setLogit(0)
                .setProbability(0.5)
                .setScoredAt(Instant.now())
                .build();
    }
}
