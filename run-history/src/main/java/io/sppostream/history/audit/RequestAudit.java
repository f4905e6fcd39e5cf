package io.sppostream.history.audit;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.log.EventRecord;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Conservation: every rollout that a request asks for is exactly one of trained, expired and pending. Several threads may
 * read the topics, one thread per topic.
 */
final class RequestAudit {
    private static final Set<ExpiryReason> REFUSALS = EnumSet.of(ExpiryReason.INVALID_ROLLOUT, ExpiryReason.TOO_LARGE);

    private final Map<String, RolloutStatus> rollouts = new ConcurrentHashMap<>();
    private final Set<String> expiredRequests = ConcurrentHashMap.newKeySet();
    private final Check check = new Check("requests", "they add up");

    /** The status of a rollout. */
    RolloutStatus status(String rolloutId) {
        return rollouts.computeIfAbsent(rolloutId, RolloutStatus::new);
    }

    void asked(EventRecord<Prompt> record) {
        Prompt prompt = record.event();
        for (int sample = 0; sample < PromptRules.rollouts(prompt); sample++) {
            status(RolloutIds.of(PromptRules.boundedId(prompt.getRequestId()), sample)).requested = true;
        }
    }

    void answered(EventRecord<Rollout> record) {
        status(PromptRules.boundedId(record.event().getRolloutId())).answered = true;
    }

    void expired(EventRecord<Expired> record) {
        Expired expired = record.event();
        if (expired.getRolloutId() == null) {
            expiredRequests.add(expired.getRequestId());
        } else if (REFUSALS.contains(expired.getReason())
                && expired.getDecidedBy().equals(RoleName.ADVANTAGE_STREAM)) {
            status(expired.getRolloutId()).refused = true;
        } else {
            status(expired.getRolloutId()).expired = true;
        }
    }

    /**
     * Marks refused rollouts and the rollouts of expired requests as expired unless they have samples: the refused record
     * may have been another one under the same id. Call after all topics are read.
     */
    void settleExpiredRequests() {
        for (RolloutStatus status : rollouts.values()) {
            if (status.samples == 0 && (status.refused || expiredRequests.contains(status.requestId()))) {
                status.expired = true;
            }
        }
    }

    /**
     * Checks and counts, after all topics are read.
     *
     * @param kinds models that the run trains; if none (a replay that stops after the advantages), a rollout is done
     *     when it has its advantages
     */
    Check conclude(String prompts, Set<ModelKind> kinds) {
        long trained = 0;
        long expired = 0;
        long unanswered = 0;
        long incomplete = 0;
        long untrained = 0;
        long unasked = 0;
        for (RolloutStatus status : rollouts.values()) {
            int policy = status.step(ModelKind.POLICY);
            int step = policy > 0 ? policy : Finding.NO_STEP;
            if (!status.isRollout()) {
                continue;
            }
            if (!status.requested && status.refused && status.expired) {
                unasked++;
                continue;
            }
            if (!status.requested) {
                check.add(new Finding(step, prompts, "no prompt asks for rollout " + status.rolloutId));
                continue;
            }
            check.require(
                    !status.expired || policy == 0,
                    () -> new Finding(step, prompts, "rollout " + status.rolloutId + " is trained and expired"));
            if (status.expired) {
                expired++;
            } else if (kinds.isEmpty() ? status.samples > 0 : kinds.stream().allMatch(kind -> status.step(kind) > 0)) {
                trained++;
            } else if (status.samples > 0) {
                untrained++;
            } else if (status.answered) {
                incomplete++;
            } else {
                unanswered++;
            }
        }
        long pending = unanswered + incomplete + untrained;
        check.summarize(
                "%,d rollouts asked for: %,d %s, %,d expired, %,d pending%s%s",
                trained + expired + pending,
                trained,
                kinds.isEmpty() ? "with their advantages" : "trained",
                expired,
                pending,
                pending == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                " (%,d unanswered, %,d without an advantage, %,d to be trained)",
                                unanswered,
                                incomplete,
                                untrained),
                unasked == 0 ? "" : String.format(Locale.ROOT, "; %,d invalid that no prompt asks for", unasked));
        return check;
    }
}
