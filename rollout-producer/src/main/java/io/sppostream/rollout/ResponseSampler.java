package io.sppostream.rollout;

import io.sppostream.events.FinishReason;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.model.ChatMessage;
import io.sppostream.model.Completion;
import io.sppostream.model.ConversationException;
import io.sppostream.model.ModelConfig;
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
import java.util.Arrays;
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
    private final long cacheBytes;
    private final boolean tokenStarts;

    /** A sampler whose responses do not say where each token begins in the text. */
    public ResponseSampler(Tokenizer tokenizer, SamplingParameters sampling, SamplingThreads threads) {
        this(tokenizer, sampling, threads, 0, false);
    }

    /**
     * @param tokenizer closed by the caller
     * @param sampling that of the run; a request may be greedy or have a lower limit
     * @param threads that share each batch; closed by the caller
     * @param cacheBytes most memory of each thread for keys and values; 0 for its share of {@link
     *     Sampler#defaultCacheBytes}
     * @param tokenStarts whether responses say where each token begins in the text
     */
    public ResponseSampler(
            Tokenizer tokenizer,
            SamplingParameters sampling,
            SamplingThreads threads,
            long cacheBytes,
            boolean tokenStarts) {
        this.tokenizer = tokenizer;
        this.sampling = sampling;
        this.threads = threads;
        this.cacheBytes = cacheBytes;
        this.tokenStarts = tokenStarts;
    }

    /**
     * Samples one response per request; a prompt that the chat template refuses, or that does not fit the model with its
     * prefix, is refused.
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
        long start = System.nanoTime();
        List<EncodedPrompt> prompts = encode(requests, model.config());
        List<SampleRequest> answerable = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            if (prompts.get(i).refusal() == null) {
                Request request = requests.get(i);
                answerable.add(new SampleRequest(
                        prompts.get(i).tokens(),
                        request.seed(),
                        request.isGreedy(),
                        Math.min(request.ownLimit(), request.runLimit(sampling))));
            }
        }
        long bytes = cacheBytes == 0 ? Sampler.defaultCacheBytes(model) / threads.count() : cacheBytes;
        Sampler sampler = new Sampler(model, tokenizer.endTokens(), bytes);
        Iterator<Completion> completions = threads.map(answerable, part -> sampler.sample(part, sampling, cancelled))
                .iterator();
        double seconds = (System.nanoTime() - start) / 1e9;
        List<GenerationResult> results = new ArrayList<>(requests.size());
        for (int i = 0; i < requests.size(); i++) {
            EncodedPrompt prompt = prompts.get(i);
            results.add(
                    prompt.refusal() == null
                            ? response(
                                    model,
                                    new PolicySegment(0, version, weightsSha256),
                                    requests.get(i),
                                    prompt.tokens(),
                                    completions.next(),
                                    seconds)
                            : new Refusal(prompt.refusal()));
        }
        return results;
    }

    /**
     * A prompt, and the prefix of a follow-up, as the policy reads them.
     *
     * @param refusal why the policy cannot read them; null if it can
     */
    @SuppressWarnings("ArrayRecordComponent") // Passed on unchanged and never compared.
    private record EncodedPrompt(int[] tokens, @Nullable String refusal) {
        static EncodedPrompt refused(@Nullable String reason) {
            return new EncodedPrompt(new int[0], reason);
        }
    }

    /** Encodes each prompt once, whatever the number of its requests. */
    private List<EncodedPrompt> encode(List<Request> requests, ModelConfig config) {
        IdentityHashMap<Prompt, EncodedPrompt> encoded = new IdentityHashMap<>();
        return requests.stream()
                .map(request -> encoded.computeIfAbsent(request.prompt(), prompt -> encode(request, config)))
                .toList();
    }

    private EncodedPrompt encode(Request request, ModelConfig config) {
        int maxPositions = config.maxPositions();
        Prompt prompt = request.prompt();
        int[] tokens;
        try {
            ConversationException.requireLength(
                    prompt.getMessages().stream()
                            .mapToLong(message -> message.getContent().length())
                            .sum(),
                    maxPositions);
            tokens = tokenizer.encodePrompt(prompt.getMessages().stream()
                    .map(message -> new ChatMessage(message.getRole(), message.getContent()))
                    .toList());
        } catch (ConversationException e) {
            return EncodedPrompt.refused(e.getMessage());
        }
        if (tokens.length == 0 || tokens.length >= maxPositions) {
            return EncodedPrompt.refused(
                    "a prompt of " + tokens.length + " tokens: the policy takes 1 to " + (maxPositions - 1));
        }
        if (request.ownLimit() < 1) {
            return EncodedPrompt.refused(
                    "a response of at most " + request.ownLimit() + " tokens: at least 1 is needed");
        }
        int[] prefix = request.prefix();
        if (request.runLimit(sampling) < 1 || prefix.length > maxPositions - tokens.length) {
            return EncodedPrompt.refused("a prefix of " + prefix.length + " tokens: a response has at most "
                    + sampling.maxTokens() + ", and the policy reads up to " + maxPositions
                    + ", of which the prompt has "
                    + tokens.length);
        }
        for (int token : prefix) {
            if (token < 0 || token >= config.vocabularySize()) {
                return EncodedPrompt.refused("a prefix with token " + token + ": the vocabulary of the policy has "
                        + config.vocabularySize());
            }
        }
        return new EncodedPrompt(join(tokens, prefix), null);
    }

    private static int[] join(int[] first, int[] second) {
        int[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    /**
     * @param version the policy's version, without an end token
     * @param context what the policy read: the prompt and a prefix of a response
     * @param seconds of the sampling of the batch
     */
    private Response response(
            PolicyModel model,
            PolicySegment version,
            Request request,
            int[] context,
            Completion completion,
            double seconds) {
        int[] tokens = completion.tokens();
        int[] prefix = request.prefix();
        int[] sincePrompt = prefix.length == 0 ? tokens : join(prefix, tokens);
        boolean canContinue = tokens.length < request.runLimit(sampling)
                && context.length + tokens.length <= model.config().maxPositions();
        FinishReason finishReason =
                FinishReason.valueOf(completion.finishReason().name());
        return new Response(
                context,
                tokens,
                tokenizer.decode(sincePrompt),
                tokenStarts
                        ? Arrays.copyOfRange(tokenizer.tokenStarts(sincePrompt), prefix.length, sincePrompt.length)
                        : null,
                completion.logProbs(),
                List.of(new PolicySegment(tokens.length, version.getPolicyVersion(), version.getWeightsSha256())),
                finishReason,
                finishReason == FinishReason.LENGTH && canContinue,
                seconds);
    }
}
