package io.sppostream.rollout;

import io.sppostream.events.FinishReason;
import io.sppostream.events.PolicySegment;
import io.sppostream.model.ChatMessage;
import io.sppostream.model.Completion;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SampleRequest;
import io.sppostream.model.Sampler;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ResponseGenerator.Outcome;
import io.sppostream.rollout.ResponseGenerator.Refusal;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Answers prompts with a model: conversation to tokens, tokens to response. Thread-safe. */
public final class ResponseSampler {
    private final Tokenizer tokenizer;
    private final SamplingParameters sampling;

    public ResponseSampler(Tokenizer tokenizer, SamplingParameters sampling) {
        this.tokenizer = tokenizer;
        this.sampling = sampling;
    }

    /**
     * Answers requests, in their order.
     *
     * @param version the model's policy version, which the responses are stamped with
     * @param weightsSha256 hash of its weights
     */
    public List<Outcome> sample(PolicyModel model, int version, String weightsSha256, List<Request> requests) {
        return sample(model, version, weightsSha256, requests, () -> false);
    }

    /**
     * Answers requests, in their order, unless it is cancelled.
     *
     * @param version the model's policy version, which the responses are stamped with
     * @param weightsSha256 hash of its weights
     * @param cancelled asked before every token
     * @throws java.util.concurrent.CancellationException if it has become true
     */
    public List<Outcome> sample(
            PolicyModel model, int version, String weightsSha256, List<Request> requests, BooleanSupplier cancelled) {
        int maxPositions = model.config().maxPositions();
        List<int[]> prompts = requests.stream().map(this::encode).toList();
        List<SampleRequest> answerable = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            if (isAnswerable(prompts.get(i), maxPositions)) {
                answerable.add(new SampleRequest(prompts.get(i), requests.get(i).seed()));
            }
        }
        Iterator<Completion> completions = new Sampler(model, tokenizer.endTokens())
                .sample(answerable, sampling, cancelled)
                .iterator();
        List<Outcome> outcomes = new ArrayList<>(requests.size());
        for (int[] prompt : prompts) {
            outcomes.add(
                    isAnswerable(prompt, maxPositions)
                            ? response(prompt, completions.next(), version, weightsSha256)
                            : new Refusal("a prompt of " + prompt.length + " tokens: the policy takes 1 to "
                                    + (maxPositions - 1)));
        }
        return outcomes;
    }

    private int[] encode(Request request) {
        return tokenizer.encodePrompt(request.prompt().getMessages().stream()
                .map(message -> new ChatMessage(message.getRole(), message.getContent()))
                .toList());
    }

    private static boolean isAnswerable(int[] prompt, int maxPositions) {
        return prompt.length > 0 && prompt.length < maxPositions;
    }

    private Response response(int[] prompt, Completion completion, int version, String weightsSha256) {
        return new Response(
                prompt,
                completion.tokens(),
                tokenizer.decode(completion.tokens()),
                completion.logProbs(),
                List.of(new PolicySegment(completion.tokens().length, version, weightsSha256)),
                FinishReason.valueOf(completion.finishReason().name()));
    }
}
