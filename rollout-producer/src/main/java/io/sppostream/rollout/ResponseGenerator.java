package io.sppostream.rollout;

import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.model.FinishReason;
import java.util.List;

/** Samples responses from the policy: with a model in this process, or a generation server. Thread-safe. */
public interface ResponseGenerator extends AutoCloseable {

    /**
     * A response wanted.
     *
     * @param messages the conversation to answer
     * @param seed seeds this response's random numbers, so that it does not depend on its batch or thread
     */
    record Request(List<Message> messages, long seed) {}

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
            implements Outcome {}

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
