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
 * The hard cap on lag: samples of too old a policy are not trained on but written to {@code expired}, with the step that
 * passes them over, in its transaction. Where they leave too few for a step they are committed on their own, since the
 * feed waits for that to release others.
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

    /** Published versions between the one that sampled a rollout's oldest token and another. */
    public static int lag(Rollout rollout, int version) {
        return version - rollout.getPolicySegments().get(0).getPolicyVersion();
    }

    /**
     * Lets go of the stale samples before the next batch's last.
     *
     * @param pending samples in order of arrival, of which the stale ones are taken away
     * @param version the one that would be trained from
     * @return whether the first of the pending samples are a batch
     */
    public boolean expire(List<EventRecord<?>> pending, int version) {
        if (pending.size() < batchSize) {
            return false;
        }
        List<EventRecord<?>> stale =
                takeStale(pending, received -> lag(rollout(received), version) > maxLag, batchSize);
        for (EventRecord<?> received : stale) {
            log.sendWithCommit(topics.expired(), received.key(), expired(rollout(received), version));
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
     * Takes away what is stale before the last of the first so many that are not; all of it where they are fewer.
     *
     * @return what was taken away, in order
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

    private static Rollout rollout(EventRecord<?> received) {
        return ((TrainingSample) received.event()).getRollout();
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
