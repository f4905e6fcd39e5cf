package io.sppostream.rollout;

import io.sppostream.events.FinishReason;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.RolloutParent;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.list.IntList;
import io.sppostream.log.loop.Readiness;
import io.sppostream.model.SamplingParameters;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Samples responses from the policy, be it a model in this process or a generation server. Thread-safe. */
public interface ResponseGenerator extends AutoCloseable {

    /**
     * Asks for one response to a prompt, or for one that continues the prefix of a follow-up.
     *
     * @param sampleIndex index of the response among those to the prompt, from 0
     * @param seed seed of this response's random numbers, so that it depends on neither batch nor thread
     */
    record Request(Prompt prompt, int sampleIndex, long seed) {
        /** The requests of a prompt, one for each sample that it asks for. */
        public static List<Request> of(Prompt prompt, long runSeed) {
            return IntStream.range(0, prompt.getSamples())
                    .mapToObj(i -> new Request(prompt, i, Seeds.of(runSeed, id(prompt), i)))
                    .toList();
        }

        /** The id that a prompt's rollouts begin with: the follow-up's own, or that of the request. */
        static String id(Prompt prompt) {
            FollowUpRequest followUp = prompt.getFollowUp();
            return followUp == null ? prompt.getRequestId() : followUp.getId();
        }

        /** Id of the rollout that answers this request. */
        public String rolloutId() {
            return RolloutIds.of(id(prompt), sampleIndex);
        }

        /** Response tokens that the answer continues; empty if it answers the prompt from the start. */
        int[] prefix() {
            FollowUpRequest followUp = prompt.getFollowUp();
            return followUp == null ? new int[0] : IntList.asArray(followUp.getPrefixTokens());
        }

        /** Whether the most probable token is taken at every position. */
        boolean isGreedy() {
            return prompt.getSampling() != null && prompt.getSampling().getGreedy();
        }

        /** Most tokens of the answer by its own limit; the largest integer if it has none. */
        int ownLimit() {
            Integer own =
                    prompt.getSampling() == null ? null : prompt.getSampling().getMaxTokens();
            return own == null ? Integer.MAX_VALUE : own;
        }

        /**
         * Most tokens of the answer by the limit of the run, which prefix and answer share; less than 1 if the prefix
         * uses it up.
         */
        int runLimit(SamplingParameters run) {
            return run.maxTokens() - prefix().length;
        }

        /** The sampling parameters in force for this request. */
        SamplingSettings sampling(SamplingParameters run) {
            return new SamplingSettings(
                    isGreedy() ? 0 : run.temperature(), run.topP(), run.topK(), Math.min(ownLimit(), runLimit(run)));
        }
    }

    /** The result of a request. */
    sealed interface GenerationResult permits Response, Refusal {}

    /**
     * A sampled response.
     *
     * @param promptTokens token ids that the policy read first, shape [P]: the prompt, and the prefix of a follow-up
     * @param tokens token ids of the response, with the end token, shape [T]; those of a prefix are not among them
     * @param text the response as text, from the end of the prompt on, without special tokens
     * @param tokenStarts where each token begins in the text, in UTF-16 code units, shape [T]; null if nobody asks
     * @param logProbs log-probability of each token under the distribution it was drawn from, in nats, shape [T]; of a
     *     greedy response, under that of the run
     * @param segments the weights that sampled each run of tokens
     * @param cut whether the limit of its own request ended it, so that it can be continued
     * @param opensThinking whether the prompt ends with {@code <think>}
     * @param seconds from the start of its batch until it was complete; null if that is not known
     */
    record Response(
            int[] promptTokens,
            int[] tokens,
            String text,
            int @Nullable [] tokenStarts,
            float[] logProbs,
            List<PolicySegment> segments,
            FinishReason finishReason,
            boolean cut,
            boolean opensThinking,
            @Nullable Double seconds)
            implements GenerationResult {

        /**
         * The response as a record for the log.
         *
         * @param sampling that of the run
         */
        public Rollout toRollout(Request request, SamplingParameters sampling, Instant sampledAt) {
            Prompt prompt = request.prompt();
            FollowUpRequest followUp = prompt.getFollowUp();
            String parent = followUp == null ? null : followUp.getParent();
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
                    parent == null ? null : new RolloutParent(parent, request.prefix().length),
                    IntStream.of(promptTokens).boxed().toList(),
                    IntStream.of(tokens).boxed().toList(),
                    text,
                    behaviour,
                    segments,
                    request.sampling(sampling),
                    request.seed(),
                    finishReason,
                    sampledAt,
                    followUp == null ? RequestPurpose.TRAIN : followUp.getPurpose(),
                    cut,
                    tokenStarts == null ? null : IntList.of(tokenStarts),
                    opensThinking,
                    seconds,
                    prompt.getMinCriticVersion());
        }
    }

    /** Says why no policy can answer a prompt: its chat template refuses it, it is too long, or its prefix is not valid. */
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

    /** Whether it has a policy to sample from. */
    default Readiness readiness() {
        return new Readiness(true, "ready to sample");
    }

    @Override
    void close();
}
