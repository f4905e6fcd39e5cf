package io.sppostream.advantage;

import io.sppostream.events.ArrivedRollout;
import io.sppostream.events.JoinState;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The facts known about one open request: its value, the verdicts on its rollouts, and which rollouts have arrived and
 * settled. Duplicates are recognised here; {@link SettlementRule} decides what follows from the facts. The rollouts
 * themselves are stored elsewhere, as bytes. Rollouts are ordered by id, so that the order in which they settle does not
 * depend on the order of arrival or on a restart. For one thread.
 */
final class RequestState {
    /** Longer rollouts are decoded again when they settle, so that those that wait take little memory. */
    private static final int MOST_TOKENS_DECODED = 1_024;

    private final String id;
    private final SortedMap<String, PendingRollout> pending = new TreeMap<>();
    private final SortedSet<String> settled = new TreeSet<>();
    private @Nullable Value value;
    private int samples;
    private long lastProgress;

    /** What is known about a rollout that has not settled; it may still have to arrive itself. */
    static final class PendingRollout {
        private final List<Verdict> verdicts = new ArrayList<>(1);
        private @Nullable String dataset;
        private @Nullable Long offset;
        private @Nullable Value value;
        private @Nullable Rollout decoded;

        /** Its verdicts, at most one per verifier, in order of arrival. */
        List<Verdict> verdicts() {
            return verdicts;
        }

        /** The dataset of its prompt; null until the rollout arrives. */
        @Nullable
        String dataset() {
            return dataset;
        }

        /** Its offset on the rollouts topic; null if it has not arrived, or the offset is unknown. */
        @Nullable
        Long offset() {
            return offset;
        }

        /** The critic's values of its tokens; null until they arrive. */
        @Nullable
        Value value() {
            return value;
        }

        private boolean add(Verdict verdict) {
            for (Verdict known : verdicts) {
                if (known.getVerifier().equals(verdict.getVerifier())) {
                    return false;
                }
            }
            return verdicts.add(verdict);
        }
    }

    /**
     * A request of which nothing is known yet.
     *
     * @param now when it was opened, in milliseconds since the epoch
     */
    RequestState(String id, long now) {
        this.id = id;
        this.lastProgress = now;
    }

    /** Restores an open request. */
    RequestState(String id, JoinState stored) {
        this(id, stored.getUpdatedAt().toEpochMilli());
        samples = stored.getSamples();
        value = stored.getValue();
        settled.addAll(stored.getSettled());
        stored.getValues().forEach(this::add);
        stored.getVerdicts().forEach(verdict -> pending(verdict.getRolloutId()).add(verdict));
        stored.getArrived()
                .forEach(rollout -> arrive(rollout.getRolloutId(), rollout.getDataset(), rollout.getOffset()));
    }

    /** Restores a rollout that waits, of a request stored by a version that did not name them. */
    void restore(Rollout rollout) {
        samples = rollout.getSamples();
        arrive(rollout.getRolloutId(), rollout.getDataset(), null);
    }

    /**
     * Adds what an input says. A rollout that another role has expired says how many samples the request asks for.
     *
     * @param offset of the input on its topic, if known
     * @return false if the input says nothing new: it is a duplicate, or its rollout has settled
     */
    boolean add(JoinInput input, @Nullable Long offset) {
        if (input instanceof JoinInput.OfRollout of) {
            return add(of.rollout(), offset);
        } else if (input instanceof JoinInput.OfVerdict of) {
            return add(of.verdict());
        } else if (input instanceof JoinInput.OfValue of) {
            return add(of.value());
        }
        if (input instanceof JoinInput.OfInvalidRollout of) {
            return refuse(of.rollout());
        }
        // An expiry of the whole request, which names no rollout, is the join's own affair.
        return input instanceof JoinInput.OfExpired of
                && of.expired().getRolloutId() != null
                && settle(of.expired().getRolloutId());
    }

    /** A rollout that cannot be trained on settles as it arrives, unless another with its id arrived before. */
    private boolean refuse(Rollout rollout) {
        if (settled.contains(rollout.getRolloutId()) || hasArrived(rollout.getRolloutId())) {
            return false;
        }
        samples = samples == 0 ? rollout.getSamples() : samples;
        return settle(rollout.getRolloutId());
    }

    private boolean add(Rollout rollout, @Nullable Long offset) {
        String rolloutId = rollout.getRolloutId();
        samples = rollout.getSamples();
        if (settled.contains(rolloutId) || hasArrived(rolloutId)) {
            return false;
        }
        PendingRollout arrived = arrive(rolloutId, rollout.getDataset(), offset);
        if (rollout.getResponseTokens().size() <= MOST_TOKENS_DECODED) {
            arrived.decoded = rollout;
        }
        return true;
    }

    private PendingRollout arrive(String rolloutId, String dataset, @Nullable Long offset) {
        PendingRollout of = pending(rolloutId);
        of.dataset = dataset;
        of.offset = offset;
        return of;
    }

    private boolean add(Verdict verdict) {
        return !settled.contains(verdict.getRolloutId())
                && pending(verdict.getRolloutId()).add(verdict);
    }

    private boolean add(Value first) {
        String rolloutId = first.getRolloutId();
        if (rolloutId != null) {
            return addOfTokens(rolloutId, first);
        }
        if (value != null) {
            return false;
        }
        value = first;
        return true;
    }

    private boolean addOfTokens(String rolloutId, Value first) {
        if (settled.contains(rolloutId) || pending(rolloutId).value != null) {
            return false;
        }
        pending(rolloutId).value = first;
        return true;
    }

    private PendingRollout pending(String rolloutId) {
        return pending.computeIfAbsent(rolloutId, any -> new PendingRollout());
    }

    /**
     * Marks a rollout as settled. Its verdicts are forgotten, and whatever else arrives for it is a duplicate.
     *
     * @return false if it had settled already
     */
    boolean settle(String rolloutId) {
        pending.remove(rolloutId);
        return settled.add(rolloutId);
    }

    /** Something new has arrived. */
    void progress(long now) {
        lastProgress = now;
    }

    /** The requestId. */
    String id() {
        return id;
    }

    /** The critic's value of the prompt; null until it arrives. */
    @Nullable
    Value value() {
        return value;
    }

    /** Number of rollouts that the request asks for; 0 until the first of them arrives. */
    int samples() {
        return samples;
    }

    /** When something new last arrived, in milliseconds since the epoch. */
    long lastProgress() {
        return lastProgress;
    }

    /** Whether a rollout has settled, here or in another role. */
    boolean isSettled(String rolloutId) {
        return settled.contains(rolloutId);
    }

    /** Whether all of the request's rollouts have settled. */
    boolean isComplete() {
        return samples > 0 && settled.size() >= samples;
    }

    /** Whether there may be something known of each rollout; if not, some are still to come. */
    boolean mayBeKnown() {
        return samples > 0 && pending.size() + settled.size() >= samples;
    }

    /** Number of rollouts that have settled. */
    int settledCount() {
        return settled.size();
    }

    /** What is known about the rollouts that have not settled, in the order of their ids. */
    Collection<PendingRollout> pending() {
        return pending.values();
    }

    /** Whether any of the request's rollouts has settled. */
    boolean isAnySettled() {
        return !settled.isEmpty();
    }

    /** What is known about a rollout that has not settled; null if nothing is. */
    @Nullable
    PendingRollout find(String rolloutId) {
        return pending.get(rolloutId);
    }

    /** A rollout that has arrived and not settled; null if only its bytes are kept, in the store. */
    @Nullable
    Rollout decoded(String rolloutId) {
        PendingRollout rollout = pending.get(rolloutId);
        return rollout == null ? null : rollout.decoded;
    }

    /** Whether a rollout has arrived and not settled, so that its bytes are stored. */
    boolean hasArrived(String rolloutId) {
        PendingRollout rollout = pending.get(rolloutId);
        return rollout != null && rollout.dataset != null;
    }

    /** Ids of the rollouts that have arrived and not settled, in order. */
    List<String> arrived() {
        return pending.keySet().stream().filter(this::hasArrived).toList();
    }

    /** The state as it is stored. */
    JoinState toEvent() {
        List<Verdict> verdicts = new ArrayList<>(pending.size());
        List<ArrivedRollout> arrived = new ArrayList<>(pending.size());
        List<Value> values = new ArrayList<>();
        pending.forEach((rolloutId, rollout) -> {
            verdicts.addAll(rollout.verdicts);
            if (rollout.value != null) {
                values.add(rollout.value);
            }
            if (rollout.dataset != null) {
                arrived.add(new ArrivedRollout(rolloutId, rollout.dataset, rollout.offset));
            }
        });
        return new JoinState(
                false,
                samples,
                value,
                values,
                verdicts,
                List.copyOf(settled),
                arrived,
                Instant.ofEpochMilli(lastProgress));
    }

    /** A request that has settled, as it is stored: all else is forgotten. */
    static JoinState closed(long now) {
        return new JoinState(true, 0, null, List.of(), List.of(), List.of(), List.of(), Instant.ofEpochMilli(now));
    }
}
