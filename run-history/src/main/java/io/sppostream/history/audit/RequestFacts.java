package io.sppostream.history.audit;

import io.sppostream.events.catalogue.RolloutIds;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The facts of one request. Not thread-safe. */
final class RequestFacts {
    private static final Pattern INDEX = Pattern.compile("0|[1-9][0-9]{0,9}");

    private final String requestId;
    private final Map<String, RolloutStatus> rollouts = new LinkedHashMap<>(2);

    /** Digests of its values. */
    final List<Long> values = new ArrayList<>(1);

    private long asked;
    private boolean expired;

    RequestFacts(String requestId) {
        this.requestId = requestId;
    }

    String requestId() {
        return requestId;
    }

    void take(Fact fact) {
        if (fact instanceof Fact.Asked prompt) {
            asked = Math.max(asked, prompt.samples());
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
        String index = rollout.rolloutId.substring(Math.min(requestId.length() + 1, rollout.rolloutId.length()));
        return INDEX.matcher(index).matches()
                && Long.parseLong(index) < asked
                && rollout.rolloutId.equals(RolloutIds.of(requestId, (int) Long.parseLong(index)));
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
        return asked;
    }
}
