package io.sppostream.rollout;

import io.sppostream.events.FinishReason;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.model.SamplingParameters;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Samples responses from the policy, be it a model in this process or a generation server. Thread-safe. */
public interface ResponseGenerator extends AutoCloseable {

    /**
     * Asks for one response to a prompt.
     *
     * @param sampleIndex index of the response among those to the prompt, from 0
     * @param seed seed of this response's random numbers, so that it depends on neither batch nor thread
     */
    record Request(Prompt prompt, int sampleIndex, long seed) {
        /** The requests of a prompt, one for each sample that it asks for. */
        public static List<Request> of(Prompt prompt, long runSeed) {
            return IntStream.range(0, prompt.getSamples())
                    .mapToObj(i -> new Request(prompt, i, Seeds.of(runSeed, prompt.getRequestId(), i)))
                    .toList();
        }

        /** Id of the rollout that answers this request. */
        public String rolloutId() {
            return RolloutIds.of(prompt.getRequestId(), sampleIndex);
        }
    }

    /** The result of a request. */
    sealed interface GenerationResult permits Response, Refusal {}

    /**
     * A sampled response.
     *
     * @param promptTokens token ids of the prompt as the policy read it, shape [P]
     * @param tokens token ids of the response, with the end token, shape [T]
     * @param text the tokens as text, without special tokens
     * @param logProbs log-probability of each token under the distribution it was drawn from, in nats, shape [T]
     * @param segments the weights that sampled each run of tokens
     */
    record Response(
            int[] promptTokens,
            int[] tokens,
            String text,
            float[] logProbs,
            List<PolicySegment> segments,
            FinishReason finishReason)
            implements GenerationResult {

        /** The response as a record for the log. */
        public Rollout toRollout(Request request, SamplingParameters sampling, Instant sampledAt) {
            Prompt prompt = request.prompt();
            List<Float> behaviour = new ArrayList<>(logProbs.length);
            for (float logProb : logProbs) {
                behaviour.add(logProb);
            }
            return new Rollout(
                    request.rolloutId(),
                    prompt.getRequestId(),
                    prompt.getPromptId(),
                    prompt.getDataset(),
                    prompt.getMessages(),
                    prompt.getReference(),
                    request.sampleIndex(),
                    prompt.getSamples(),
                    null,
                    IntStream.of(promptTokens).boxed().toList(),
                    IntStream.of(tokens).boxed().toList(),
                    text,
                    behaviour,
                    segments,
                    new SamplingSettings(
                            sampling.temperature(), sampling.topP(), sampling.topK(), sampling.maxTokens()),
                    request.seed(),
                    finishReason,
                    sampledAt,
                    RequestPurpose.TRAIN,
                    false,
                    null);
        }
    }

    /** Says why no policy can answer a prompt: its chat template refuses it, or it is too long. */
    record Refusal(String reason) implements GenerationResult {}

    /**
     * Why a prompt asks for a policy version that does not exist, in words; null if it exists. A version that exists need
     * not be ready to sample from.
     *
     * @param since when the prompt had been read, in nanoseconds of {@link System#nanoTime}
     */
    @Nullable
    String refuseVersion(int minPolicyVersion, long since) throws InterruptedException;

    /**
     * Samples one response per request.
     *
     * @param minPolicyVersion the oldest version that may sample; waits until it is published
     * @return results in the order of the requests
     */
    List<GenerationResult> generate(List<Request> requests, int minPolicyVersion) throws InterruptedException;

    @Override
    void close();
}
