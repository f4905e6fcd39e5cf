package io.sppostream.learn;

import io.sppostream.events.Message;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.list.FloatList;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.PolicySample;
import io.sppostream.model.ConversationException;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ScoredTokens;
import io.sppostream.model.Tokenizer;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A critic as far as it scores: prompts, or the tokens of rollouts. It never changes the weights; the caller may, between
 * two calls. For one thread.
 */
final class ScoringCritic {
    /** 8 MB of prompts, about 100,000 short ones. */
    private static final long CACHED_TOKENS = 2 << 20;

    private final CriticModel model;
    private final Function<List<Message>, int[]> encoder;
    private final CriticObjective objective;

    /** Prompts that were scored and not yet trained on. */
    private final PromptCache promptTokens = new PromptCache(CACHED_TOKENS);

    /**
     * @param model closed by the caller
     * @param tokenizer the critic's tokenizer
     */
    ScoringCritic(CriticModel model, Tokenizer tokenizer, CriticObjective objective) {
        this(model, messages -> PromptTokens.of(tokenizer, messages), objective);
    }

    /** @param encoder turns a prompt into the critic's token ids, shape [P] */
    ScoringCritic(CriticModel model, Function<List<Message>, int[]> encoder, CriticObjective objective) {
        this.model = model;
        this.encoder = encoder;
        this.objective = objective;
    }

    /** Whether the critic scores the tokens of rollouts rather than prompts. */
    boolean ofTokens() {
        return objective.ofTokens();
    }

    /**
     * The critic's token ids of a request's prompt, shape [P]; as a rule kept until {@link #forget}.
     *
     * @throws ConversationException if the critic cannot score the prompt: its chat template refuses the conversation, or
     *     it does not fit the critic's context
     */
    int[] tokens(String requestId, List<Message> messages) {
        return promptTokens.get(requestId, () -> {
            ConversationException.requireLength(
                    messages.stream()
                            .mapToLong(message -> message.getContent().length())
                            .sum(),
                    model.config().maxPositions());
            int[] tokens = encoder.apply(messages);
            if (!fits(tokens.length)) {
                throw new ConversationException(
                        "a prompt of " + tokens.length + " tokens: the critic takes 1 to "
                                + model.config().maxPositions(),
                        null);
            }
            return tokens;
        });
    }

    /** Whether a prompt of so many tokens fits the critic's context. */
    boolean fits(int length) {
        return length > 0 && length <= model.config().maxPositions();
    }

    /** Drops the tokens of a request's prompt. */
    void forget(String requestId) {
        promptTokens.remove(requestId);
    }

    /** Why the critic cannot score the tokens of a rollout, in words; null if it can. */
    @Nullable
    String refusal(Rollout rollout) {
        return SampleRules.tokenViolation(
                rollout,
                "critic",
                model.config().vocabularySize(),
                model.config().maxPositions());
    }

    /** The logit z of each prompt under the current weights, shape [prompts]. */
    float[] logits(List<int[]> prompts) {
        return model.logits(prompts);
    }

    /**
     * The head's output z before each response token under the current weights.
     *
     * @param rollouts none of them is refused
     * @return [rollouts][T]
     */
    float[][] tokenOutputs(List<Rollout> rollouts) {
        return model.scores(rollouts.stream()
                .map(rollout -> ScoredTokens.ofResponse(PolicySample.tokens(rollout)))
                .toList());
    }

    /** The record of a rollout's values, of the head's output z before each response token, shape [T]. */
    Value value(Rollout rollout, float[] outputs, WeightsManifest version, Instant scoredAt) {
        return new Value(
                rollout.getRequestId(),
                version.getVersion(),
                version.getSha256(),
                outputs[0],
                Math.max(0, Math.min(1, objective.value(outputs[0]))),
                FloatList.of(objective.values(outputs)),
                scoredAt,
                null,
                rollout.getRolloutId());
    }
}
