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
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Refusal;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Samples responses from a model in this process, from conversation to tokens to text. Thread-safe. */
public final class ResponseSampler {
    private final Tokenizer tokenizer;
    private final SamplingParameters sampling;

    public ResponseSampler(Tokenizer tokenizer, SamplingParameters sampling) {
        this.tokenizer = tokenizer;
        this.sampling = sampling;
    }

    /**
     * Samples one response per request; a prompt whose length does not fit the model is refused.
     *
     * @param version the model's policy version, for the responses' segments
     * @param weightsSha256 hash of the model's weights, likewise
     * @return results in the order of the requests
     */
    public List<GenerationResult> sample(PolicyModel model, int version, String weightsSha256, List<Request> requests) {
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
    public List<GenerationResult> sample(
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
        List<GenerationResult> results = new ArrayList<>(requests.size());
        for (int[] prompt : prompts) {
            results.add(
                    isAnswerable(prompt, maxPositions)
                            ? response(prompt, completions.next(), version, weightsSha256)
                            : new Refusal("a prompt of " + prompt.length + " tokens: the policy takes 1 to "
                                    + (maxPositions - 1)));
        }
        return results;
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
