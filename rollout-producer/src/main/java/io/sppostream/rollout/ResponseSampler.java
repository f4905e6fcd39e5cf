package io.sppostream.rollout;

import io.sppostream.events.FinishReason;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.model.ChatMessage;
import io.sppostream.model.Completion;
import io.sppostream.model.ConversationException;
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
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Samples responses from a model in this process, from conversation to tokens to text. A response does not depend on the
 * batch or the thread that samples it, so several threads may share a batch. Thread-safe.
 */
public final class ResponseSampler {
    private final Tokenizer tokenizer;
    private final SamplingParameters sampling;
    private final SamplingThreads threads;

    /**
     * @param tokenizer closed by the caller
     * @param threads that share each batch; closed by the caller
     */
    public ResponseSampler(Tokenizer tokenizer, SamplingParameters sampling, SamplingThreads threads) {
        this.tokenizer = tokenizer;
        this.sampling = sampling;
        this.threads = threads;
    }

    /**
     * Samples one response per request; a prompt that the chat template refuses, or whose length does not fit the model,
     * is refused.
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
        List<EncodedPrompt> prompts = encode(requests, maxPositions);
        List<SampleRequest> answerable = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            if (prompts.get(i).refusal() == null) {
                answerable.add(new SampleRequest(
                        prompts.get(i).tokens(), requests.get(i).seed()));
            }
        }
        Sampler sampler = new Sampler(model, tokenizer.endTokens());
        Iterator<Completion> completions = threads.map(answerable, part -> sampler.sample(part, sampling, cancelled))
                .iterator();
        List<GenerationResult> results = new ArrayList<>(requests.size());
        for (EncodedPrompt prompt : prompts) {
            results.add(
                    prompt.refusal() == null
                            ? response(prompt.tokens(), completions.next(), version, weightsSha256)
                            : new Refusal(prompt.refusal()));
        }
        return results;
    }

    /**
     * A prompt as the policy reads it.
     *
     * @param refusal why the policy cannot read it; null if it can
     */
    @SuppressWarnings("ArrayRecordComponent") // Passed on unchanged and never compared.
    private record EncodedPrompt(int[] tokens, @Nullable String refusal) {}

    /** Encodes each prompt once, whatever the number of its requests. */
    private List<EncodedPrompt> encode(List<Request> requests, int maxPositions) {
        IdentityHashMap<Prompt, EncodedPrompt> encoded = new IdentityHashMap<>();
        return requests.stream()
                .map(request -> encoded.computeIfAbsent(request.prompt(), prompt -> encode(prompt, maxPositions)))
                .toList();
    }

    private EncodedPrompt encode(Prompt prompt, int maxPositions) {
        try {
            ConversationException.requireLength(
                    prompt.getMessages().stream()
                            .mapToLong(message -> message.getContent().length())
                            .sum(),
                    maxPositions);
            int[] tokens = tokenizer.encodePrompt(prompt.getMessages().stream()
                    .map(message -> new ChatMessage(message.getRole(), message.getContent()))
                    .toList());
            boolean fits = tokens.length > 0 && tokens.length < maxPositions;
            return new EncodedPrompt(
                    tokens,
                    fits
                            ? null
                            : "a prompt of " + tokens.length + " tokens: the policy takes 1 to " + (maxPositions - 1));
        } catch (ConversationException e) {
            return new EncodedPrompt(new int[0], e.getMessage());
        }
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
