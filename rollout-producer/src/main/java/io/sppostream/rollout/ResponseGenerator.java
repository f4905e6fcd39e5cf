package io.sppostream.rollout;

import io.sppostream.events.FinishReason;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.model.SamplingParameters;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Samples responses from the policy: with a model in this process, or a generation server. Thread-safe. */
public interface ResponseGenerator extends AutoCloseable {

    /**
     * A response wanted.
     *
     * @param sampleIndex which of the prompt's responses, from 0
     * @param seed seeds this response's random numbers, so that it does not depend on its batch or thread
     */
    record Request(Prompt prompt, int sampleIndex, long seed) {
        /** The requests of a prompt, one for each sample it wants. */
        public static List<Request> of(Prompt prompt, long runSeed) {
            return IntStream.range(0, prompt.getSamples())
                    .mapToObj(i -> new Request(prompt, i, Seeds.of(runSeed, prompt.getRequestId(), i)))
                    .toList();
        }

        /** Id of the rollout that answers it. */
        public String rolloutId() {
            return RolloutIds.of(prompt.getRequestId(), sampleIndex);
        }
    }

    /** What came of a request. */
    sealed interface Outcome permits Response, Refusal {}

    /**
     * A sampled response.
     *
     * @param promptTokens [P], as the policy read the prompt
     * @param tokens [T], the end token included
     * @param text the tokens as text, without special tokens
     * @param logProbs [T], of the distribution each token was drawn from
     * @param segments which weights sampled which tokens
     */
    record Response(
            int[] promptTokens,
            int[] tokens,
            String text,
            float[] logProbs,
            List<PolicySegment> segments,
            FinishReason finishReason)
            implements Outcome {

        /** The response as the log has it. */
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
                    sampledAt);
        }
    }

    /** No policy can answer this prompt: it is too long, for one. */
    record Refusal(String reason) implements Outcome {}

    /**
     * Answers requests, in their order.
     *
     * @param minPolicyVersion no older version may sample; waits for it if need be
     */
    List<Outcome> generate(List<Request> requests, int minPolicyVersion) throws InterruptedException;

    @Override
    void close();
}
