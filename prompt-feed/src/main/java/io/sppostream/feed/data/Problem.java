package io.sppostream.feed.data;

import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestSampling;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prompt with its reference answer.
 *
 * @param id unique within its dataset
 * @param messages the conversation to respond to
 * @param reference the correct answer
 * @param solution a correct response, which supervised warm-up imitates: the reference, or written steps that lead to it
 * @param tier difficulty, or the source in a mixture, by which evaluations group accuracies; empty if there are none
 * @param dataset the dataset that its prompts name, which chooses their verifier; null for the dataset that it is in
 */
public record Problem(
        String id,
        List<Message> messages,
        String reference,
        String solution,
        String tier,
        @Nullable String dataset) {
    /** A problem whose prompts name the dataset that it is in. */
    public Problem(String id, List<Message> messages, String reference, String solution, String tier) {
        this(id, messages, reference, solution, tier, null);
    }

    /** A problem that consists of one user message and is answered by its reference alone. */
    public static Problem asked(String id, String question, String reference) {
        return new Problem(id, List.of(new Message("user", question)), reference, reference, "");
    }

    /** This problem with a correct response that has written steps, in a tier of difficulty. */
    Problem solvedBy(String steps, String difficulty) {
        return new Problem(id, messages, reference, steps, difficulty, dataset);
    }

    /** This problem as part of a mixture: it names the dataset it comes from, and is evaluated with it. */
    Problem of(String source) {
        return new Problem(
                id, messages, reference, solution, tier.isEmpty() ? source : tier, dataset == null ? source : dataset);
    }

    /**
     * Name of the dataset that its prompts carry.
     *
     * @param whole name of the dataset that the problem is in, which may be a mixture
     */
    public String datasetIn(String whole) {
        return dataset == null ? whole : dataset;
    }

    /** The problem as a request for one response. */
    public Prompt toPrompt(String requestId, String dataset, int minPolicyVersion, Instant releasedAt) {
        return toPrompt(requestId, dataset, 1, null, minPolicyVersion, 0, releasedAt);
    }

    /**
     * The problem as a request for a number of responses.
     *
     * @param dataset name of the dataset that it is in
     * @param sampling how they are sampled, where it differs from the run; null if it does not
     */
    public Prompt toPrompt(
            String requestId,
            String dataset,
            int samples,
            @Nullable RequestSampling sampling,
            int minPolicyVersion,
            int minCriticVersion,
            Instant releasedAt) {
        return new Prompt(
                requestId,
                id,
                datasetIn(dataset),
                messages,
                reference,
                samples,
                minPolicyVersion,
                releasedAt,
                sampling,
                null,
                minCriticVersion);
    }
}
