package io.sppostream.history.audit;

import io.sppostream.events.Expired;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.log.EventRecord;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Conservation: every rollout that a request asks for is trained, expired or pending, and none is two of these. The
 * topics may be read by several threads, one each.
 */
final class Requests {
    private final Map<String, Fate> fates = new ConcurrentHashMap<>();
    private final Set<String> expiredWhole = ConcurrentHashMap.newKeySet();
    private final Check check = new Check("requests", "they add up");

    /** The fate of a rollout, by whichever topic first named it. */
    Fate fate(String rolloutId) {
        return fates.computeIfAbsent(rolloutId, Fate::new);
    }

    void asked(EventRecord<Prompt> received) {
        Prompt prompt = received.event();
        for (int sample = 0; sample < prompt.getSamples(); sample++) {
            fate(RolloutIds.of(prompt.getRequestId(), sample)).requested = true;
        }
    }

    void answered(EventRecord<Rollout> received) {
        fate(received.event().getRolloutId()).answered = true;
    }

    void expired(EventRecord<Expired> received) {
        Expired expired = received.event();
        if (expired.getRolloutId() == null) {
            expiredWhole.add(expired.getRequestId());
        } else {
            fate(expired.getRolloutId()).expired = true;
        }
    }

    /** A request that expired as a whole takes with it what of it has not settled otherwise. */
    void settleWholeRequests() {
        for (Fate fate : fates.values()) {
            if (fate.samples == 0 && expiredWhole.contains(fate.requestId())) {
                fate.expired = true;
            }
        }
    }

    /**
     * Checks and counts, once all topics are read.
     *
     * @param lines those that train; of a replay without any, a rollout has settled when it has its advantages
     */
    Check conclude(String prompts, Set<ModelKind> lines) {
        long trained = 0;
        long expired = 0;
        long unanswered = 0;
        long incomplete = 0;
        long untrained = 0;
        for (Fate fate : fates.values()) {
            int policy = fate.step(ModelKind.POLICY);
            int step = policy > 0 ? policy : Difference.NO_STEP;
            if (!fate.isRollout()) {
                continue;
            }
            if (!fate.requested) {
                check.differs(new Difference(step, prompts, "no prompt asks for rollout " + fate.rolloutId));
                continue;
            }
            check.require(
                    !fate.expired || policy == 0,
                    () -> new Difference(step, prompts, "rollout " + fate.rolloutId + " is trained and expired"));
            if (fate.expired) {
                expired++;
            } else if (lines.isEmpty() ? fate.samples > 0 : lines.stream().allMatch(line -> fate.step(line) > 0)) {
                trained++;
            } else if (fate.samples > 0) {
                untrained++;
            } else if (fate.answered) {
                incomplete++;
            } else {
                unanswered++;
            }
        }
        long pending = unanswered + incomplete + untrained;
        check.sumUp(
                "%,d rollouts asked for: %,d %s, %,d expired, %,d pending%s",
                trained + expired + pending,
                trained,
                lines.isEmpty() ? "with their advantages" : "trained",
                expired,
                pending,
                pending == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                " (%,d unanswered, %,d without an advantage, %,d to be trained)",
                                unanswered,
                                incomplete,
                                untrained));
        return check;
    }
}
