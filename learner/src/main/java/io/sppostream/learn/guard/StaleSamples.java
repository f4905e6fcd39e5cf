package io.sppostream.learn.guard;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventRecord;
import io.sppostream.log.loop.ExactlyOnceLog;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The hard cap on lag: samples of too old a policy go to the topic {@code expired} instead of into a batch. They commit
 * with the next step. If they leave too few samples for a step they commit on their own, because the feed counts them
 * to release new prompts. For one thread.
 */
public final class StaleSamples {
    private final ExactlyOnceLog log;
    private final Topics topics;
    private final int batchSize;
    private final int maxLag;
    private final CircuitBreakers breakers;
    private final Clock clock;

    public StaleSamples(
            ExactlyOnceLog log, Topics topics, int batchSize, int maxLag, CircuitBreakers breakers, Clock clock) {
        this.log = log;
        this.topics = topics;
        this.batchSize = batchSize;
        this.maxLag = maxLag;
        this.breakers = breakers;
        this.clock = clock;
    }

    /** Published versions from the one that sampled a rollout's oldest token to a given version. */
    public static int lag(Rollout rollout, int version) {
        return version - rollout.getPolicySegments().get(0).getPolicyVersion();
    }

    /**
     * Expires the stale samples that lie before the last sample of the next batch.
     *
     * @param pending samples in order of arrival; the stale ones are removed from it
     * @param version the version that the next step trains from
     * @return whether the first pending samples now make a full batch
     */
    public boolean expire(List<EventRecord<?>> pending, int version) {
        if (pending.size() < batchSize) {
            return false;
        }
        List<EventRecord<?>> stale = takeStale(pending, record -> lag(rollout(record), version) > maxLag, batchSize);
        for (EventRecord<?> record : stale) {
            log.sendWithCommit(topics.expired(), record.key(), expired(rollout(record), version));
            breakers.taken(true);
        }
        boolean complete = pending.size() >= batchSize;
        if (complete) {
            pending.subList(0, batchSize).forEach(fresh -> breakers.taken(false));
        } else if (!stale.isEmpty()) {
            log.commit(pending);
        }
        return complete;
    }

    /**
     * Removes the stale elements that lie before the last of the first {@code batchSize} fresh ones; all stale elements
     * if there are fewer fresh ones.
     *
     * @return the removed elements, in order
     */
    static <T> List<T> takeStale(List<T> pending, Predicate<T> isStale, int batchSize) {
        List<T> stale = new ArrayList<>();
        List<T> fresh = new ArrayList<>(batchSize);
        int seen = 0;
        while (seen < pending.size() && fresh.size() < batchSize) {
            T each = pending.get(seen++);
            (isStale.test(each) ? stale : fresh).add(each);
        }
        if (!stale.isEmpty()) {
            pending.subList(0, seen).clear();
            pending.addAll(0, fresh);
        }
        return stale;
    }

    private static Rollout rollout(EventRecord<?> record) {
        return ((TrainingSample) record.event()).getRollout();
    }

    private Expired expired(Rollout rollout, int version) {
        return new Expired(
                rollout.getRequestId(),
                rollout.getRolloutId(),
                ExpiryReason.STALE,
                "lags by " + lag(rollout, version) + " policy versions, " + maxLag + " at most are trained on",
                RoleName.POLICY_LEARNER,
                clock.instant());
    }
}
