package io.sppostream.learn;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.BoundedText;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.update.ValueLoss;
import io.sppostream.log.EventRecord;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.model.ConversationException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Scores prompts or rollouts, and sends their values. Used by whichever role scores. For one thread. */
final class CriticValues {
    /** Rollouts of which only the reward is read. */
    private static final Set<RequestPurpose> UNSCORED = Set.of(RequestPurpose.BASELINE, RequestPurpose.PREFIX_VALUE);

    private final ExactlyOnceLog log;
    private final Topics topics;
    private final ScoringCritic critic;
    private final String role;
    private final Clock clock;

    /** @param role that scores, as in {@link io.sppostream.events.catalogue.RoleName} */
    CriticValues(ExactlyOnceLog log, Topics topics, ScoringCritic critic, String role, Clock clock) {
        this.log = log;
        this.topics = topics;
        this.critic = critic;
        this.role = role;
        this.clock = clock;
    }

    /** The topic that a critic scores. */
    static Topic<? extends SpecificRecord> input(Topics topics, boolean ofTokens) {
        return ofTokens ? topics.rollouts() : topics.prompts();
    }

    /**
     * Sends the values of polled prompts and rollouts.
     *
     * @param version of the critic's weights
     */
    void send(List<EventRecord<?>> records, WeightsManifest version) {
        List<Prompt> prompts = new ArrayList<>();
        List<Rollout> rollouts = new ArrayList<>();
        for (EventRecord<?> record : records) {
            if (record.event() instanceof Prompt prompt) {
                prompts.add(prompt);
            } else if (record.event() instanceof Rollout rollout) {
                rollouts.add(rollout);
            }
        }
        if (!prompts.isEmpty()) {
            sendOfPrompts(prompts, version);
        }
        if (!rollouts.isEmpty()) {
            sendOfRollouts(rollouts, version);
        }
    }

    /**
     * Sends a value for each prompt that the critic can score. Invalid prompts get none, since the rollout producer
     * expires them; nor do follow-ups, whose group has the value of its prompt. If the critic alone cannot score a prompt,
     * because of its chat template or its context, the request expires too: its rollouts would wait for a value in vain.
     */
    private void sendOfPrompts(List<Prompt> prompts, WeightsManifest version) {
        List<Prompt> fitting = new ArrayList<>(prompts.size());
        List<int[]> tokens = new ArrayList<>(prompts.size());
        for (Prompt prompt : prompts) {
            if (PromptRules.violation(prompt) != null || prompt.getFollowUp() != null) {
                continue;
            }
            try {
                tokens.add(critic.tokens(prompt.getRequestId(), prompt.getMessages()));
                fitting.add(prompt);
            } catch (ConversationException e) {
                expire(prompt.getRequestId(), null, ExpiryReason.INVALID_PROMPT, String.valueOf(e.getMessage()));
            }
        }
        float[] logits = critic.logits(tokens);
        Instant now = clock.instant();
        for (int i = 0; i < logits.length; i++) {
            String requestId = fitting.get(i).getRequestId();
            Value value = new Value(
                    requestId,
                    version.getVersion(),
                    version.getSha256(),
                    logits[i],
                    ValueLoss.probability(logits[i]),
                    null,
                    now,
                    fitting.get(i).getReleasedAt(),
                    null);
            log.send(topics.values(), requestId, value);
        }
    }

    /**
     * Sends the values of each rollout that the critic can score. Invalid rollouts get none, since the advantage stream
     * expires them. If the critic alone cannot score a rollout, because of its vocabulary or its context, the rollout
     * expires too.
     */
    private void sendOfRollouts(List<Rollout> rollouts, WeightsManifest version) {
        List<Rollout> fitting = new ArrayList<>(rollouts.size());
        for (Rollout rollout : rollouts) {
            if (UNSCORED.contains(rollout.getPurpose()) || RolloutRules.violation(rollout) != null) {
                continue;
            }
            String refusal = critic.refusal(rollout);
            if (refusal == null) {
                fitting.add(rollout);
            } else {
                expire(rollout.getRequestId(), rollout.getRolloutId(), ExpiryReason.INVALID_ROLLOUT, refusal);
            }
        }
        float[][] outputs = critic.tokenOutputs(fitting);
        Instant now = clock.instant();
        for (int i = 0; i < outputs.length; i++) {
            Rollout rollout = fitting.get(i);
            log.send(topics.values(), rollout.getRequestId(), critic.value(rollout, outputs[i], version, now));
        }
    }

    private void expire(String requestId, @Nullable String rolloutId, ExpiryReason reason, String detail) {
        log.send(
                topics.expired(),
                requestId,
                new Expired(
                        requestId,
                        rolloutId,
                        reason,
                        BoundedText.of(detail, BoundedText.REASON),
                        role,
                        clock.instant(),
                        0));
    }
}
