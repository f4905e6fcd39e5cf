package io.sppostream.history.audit;

import io.sppostream.events.catalogue.RolloutIds;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The facts of one request. Not thread-safe. */
final class RequestFacts {
    private final String requestId;
    private final Map<String, RolloutStatus> rollouts = new LinkedHashMap<>(2);

    /** Digests of its values. */
    final List<Long> values = new ArrayList<>(1);

    /** Samples asked for, by the request and by each follow-up. */
    private final Map<String, Integer> asked = new HashMap<>(2);

    private boolean expired;

    RequestFacts(String requestId) {
        this.requestId = requestId;
    }

    String requestId() {
        return requestId;
    }

    void take(Fact fact) {
        if (fact instanceof Fact.Asked prompt) {
            asked.merge(prompt.asked(), prompt.samples(), Math::max);
        } else if (fact instanceof Fact.Scored value) {
            values.add(value.digest());
        } else if (fact instanceof Fact.RequestExpired) {
            expired = true;
        } else if (fact instanceof Fact.OfRollout rollout) {
            rollouts.computeIfAbsent(rollout.rolloutId(), RolloutStatus::new).take(rollout);
        }
    }

    /** The rollouts that records name. */
    Collection<RolloutStatus> rollouts() {
        return rollouts.values();
    }

    /** Whether a prompt asks for a rollout. */
    boolean asksFor(RolloutStatus rollout) {
        String followUp = RolloutIds.followUpId(rollout.rolloutId);
        String by = followUp == null ? requestId : followUp;
        return RolloutIds.sampleIndex(rollout.rolloutId)
                .filter(index -> index < asked.getOrDefault(by, 0))
                .filter(index -> rollout.rolloutId.equals(RolloutIds.of(by, index)))
                .isPresent();
    }

    /**
     * Whether a rollout has expired, by itself or, before it had a sample, with its request or because it was refused: the
     * refused record may have been another one under the same id.
     */
    boolean hasExpired(RolloutStatus rollout) {
        return rollout.expired || ((expired || rollout.refused) && rollout.samples.isEmpty());
    }

    /** Whether rollouts that no record names have expired with the request. */
    boolean hasExpired() {
        return expired;
    }

    /** How many rollouts the prompts ask for. */
    long asked() {
        return asked.values().stream().mapToLong(Integer::longValue).sum();
    }
}
