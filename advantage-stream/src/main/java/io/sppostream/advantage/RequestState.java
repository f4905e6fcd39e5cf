package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.estimator.Evidence;
import io.sppostream.events.ArrivedRollout;
import io.sppostream.events.JoinState;
import io.sppostream.events.PublishedFollowUp;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RolloutIds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The facts known about one open request: its value, its follow-ups, the verdicts on its rollouts, and which rollouts
 * have arrived and settled. The rollouts that are expected are its first samples and those of follow-ups that are
 * published. Of evidence, which only serves to estimate the advantages of others, nothing but the reward is kept.
 * Duplicates are recognised here; {@link SettlementRule} decides what follows from the facts. The rollouts themselves
 * are stored elsewhere, as bytes. Rollouts are ordered by id, so that the order in which they settle does not depend on
 * the order of arrival or on a restart. For one thread.
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

    /** The follow-ups that are published, by id. Most estimators have none. */
    private SortedMap<String, PublishedRollouts> followUps = Collections.emptySortedMap();

    /** Whether every rollout known so far is a first sample. */
    private boolean onlyFirst = true;

    /** What is known about a rollout that has not settled; it may still have to arrive itself. */
    static final class PendingRollout {
        private final String id;
        private final List<Verdict> verdicts = new ArrayList<>(1);
        private RequestPurpose purpose = RequestPurpose.TRAIN;
        private @Nullable String dataset;
        private @Nullable Long offset;
        private @Nullable Value value;
        private @Nullable Rollout decoded;

        private PendingRollout(String id) {
            this.id = id;
        }

        /** The rolloutId. */
        String id() {
            return id;
        }

        /** Whether it only serves to estimate the advantages of others, as far as it has arrived. */
        boolean isEvidence() {
            return GroupCredits.isEvidence(purpose);
        }

        /** Whether it waits and its bytes are stored. */
        boolean isStored() {
            return dataset != null && !isEvidence();
        }

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

    /** A follow-up that is published, and the rewards of its rollouts if they are evidence. */
    private static final class PublishedRollouts {
        private final RequestPurpose purpose;
        private final int completions;

        /** NaN while unknown, shape [completions]; empty for branches. */
        private final double[] rewards;

        private int rewarded;

        PublishedRollouts(RequestPurpose purpose, int completions) {
            this.purpose = purpose;
            this.completions = completions;
            this.rewards = new double[GroupCredits.isEvidence(purpose) ? completions : 0];
            Arrays.fill(rewards, Double.NaN);
        }

        boolean isRewarded(int sample) {
            return sample < rewards.length && !Double.isNaN(rewards[sample]);
        }

        void reward(int sample, double reward) {
            rewarded += isRewarded(sample) ? 0 : 1;
            rewards[sample] = reward;
        }

        void forget(int sample) {
            rewarded -= isRewarded(sample) ? 1 : 0;
            rewards[sample] = Double.NaN;
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
        stored.getSettled().forEach(this::addSettled);
        stored.getValues().forEach(this::add);
        stored.getVerdicts().forEach(verdict -> pending(verdict.getRolloutId()).add(verdict));
        stored.getArrived()
                .forEach(rollout -> arrive(
                        rollout.getRolloutId(), rollout.getDataset(), rollout.getPurpose(), rollout.getOffset()));
        stored.getFollowUps().forEach(this::restore);
    }

    private void restore(PublishedFollowUp stored) {
        publish(stored.getId(), stored.getPurpose(), stored.getCompletions());
        for (int sample = 0; sample < stored.getRewards().size(); sample++) {
            Double reward = stored.getRewards().get(sample);
            if (reward != null) {
                reward(RolloutIds.of(stored.getId(), sample), reward);
            }
        }
    }

    /** Restores a rollout that waits, of a request stored by a version that did not name them. */
    void restore(Rollout rollout) {
        samples = rollout.getSamples();
        arrive(rollout.getRolloutId(), rollout.getDataset(), rollout.getPurpose(), null);
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
        String rolloutId = rollout.getRolloutId();
        if (isDone(rolloutId) || hasArrived(rolloutId)) {
            return false;
        }
        if (samples == 0 && RolloutIds.followUpId(rolloutId) == null) {
            samples = rollout.getSamples();
        }
        return settle(rolloutId);
    }

    private boolean add(Rollout rollout, @Nullable Long offset) {
        String rolloutId = rollout.getRolloutId();
        if (rollout.getPurpose() == RequestPurpose.TRAIN) {
            samples = rollout.getSamples();
        }
        if (isDone(rolloutId) || hasArrived(rolloutId)) {
            return false;
        }
        PendingRollout arrived = arrive(rolloutId, rollout.getDataset(), rollout.getPurpose(), offset);
        if (rollout.getResponseTokens().size() <= MOST_TOKENS_DECODED && !arrived.isEvidence()) {
            arrived.decoded = rollout;
        }
        return true;
    }

    private PendingRollout arrive(String rolloutId, String dataset, RequestPurpose purpose, @Nullable Long offset) {
        PendingRollout of = pending(rolloutId);
        of.dataset = dataset;
        of.purpose = purpose;
        of.offset = offset;
        return of;
    }

    /** Whether nothing more is wanted of a rollout: it has settled, or it is evidence whose reward is known. */
    private boolean isDone(String rolloutId) {
        return settled.contains(rolloutId) || rewarded(rolloutId) != null;
    }

    /** The follow-up of a rollout, if that is evidence whose reward is known; else null. */
    private @Nullable PublishedRollouts rewarded(String rolloutId) {
        PublishedRollouts of = followUps.isEmpty() ? null : published(rolloutId);
        return of != null && of.isRewarded(sample(rolloutId)) ? of : null;
    }

    private @Nullable PublishedRollouts published(String rolloutId) {
        String followUp = RolloutIds.followUpId(rolloutId);
        return followUp == null ? null : followUps.get(followUp);
    }

    private static int sample(String rolloutId) {
        return RolloutIds.sampleIndex(rolloutId).orElse(Integer.MAX_VALUE);
    }

    private boolean add(Verdict verdict) {
        return !isDone(verdict.getRolloutId())
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
        PendingRollout known = pending.get(rolloutId);
        if (known == null) {
            onlyFirst = onlyFirst && RolloutIds.followUpId(rolloutId) == null;
            known = new PendingRollout(rolloutId);
            pending.put(rolloutId, known);
        }
        return known;
    }

    /**
     * Adds a follow-up. Its rollouts are expected from now on.
     *
     * @return false if it has been added before
     */
    boolean publish(String followUpId, RequestPurpose purpose, int completions) {
        if (followUps.containsKey(followUpId)) {
            return false;
        }
        if (followUps.isEmpty()) {
            followUps = new TreeMap<>();
        }
        followUps.put(followUpId, new PublishedRollouts(purpose, completions));
        onlyFirst = false;
        return true;
    }

    /** Keeps the reward of evidence that is expected, and forgets all else about it. */
    void reward(String rolloutId, double reward) {
        requireNonNull(published(rolloutId)).reward(sample(rolloutId), reward);
        pending.remove(rolloutId);
    }

    /**
     * Whether a rollout is a first sample, or one that a published follow-up asks for.
     *
     * @param purpose why it was sampled
     */
    private boolean isExpected(String rolloutId, RequestPurpose purpose) {
        String followUp = RolloutIds.followUpId(rolloutId);
        if (followUp == null) {
            return true;
        }
        PublishedRollouts of = followUps.get(followUp);
        return of != null && of.purpose == purpose && sample(rolloutId) < of.completions;
    }

    /** Whether a rollout that has arrived is a first sample, or one that a published follow-up asks for. */
    boolean isExpected(PendingRollout rollout) {
        return onlyFirst || isExpected(rollout.id, rollout.purpose);
    }

    /** Whether a follow-up is published, so that it is known which of its rollouts are expected. */
    boolean isPublished(String followUpId) {
        return followUps.containsKey(followUpId);
    }

    /**
     * Marks a rollout as settled. Its verdicts are forgotten, and whatever else arrives for it is a duplicate.
     *
     * @return false if it had settled already
     */
    boolean settle(String rolloutId) {
        pending.remove(rolloutId);
        PublishedRollouts evidence = rewarded(rolloutId);
        if (evidence != null) {
            evidence.forget(sample(rolloutId));
        }
        return addSettled(rolloutId);
    }

    private boolean addSettled(String rolloutId) {
        onlyFirst = onlyFirst && RolloutIds.followUpId(rolloutId) == null;
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

    /** Number of first samples that the request asks for; 0 until the first of them arrives. */
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

    /** Number of rollouts that are expected: the first samples, and those of published follow-ups. */
    int expected() {
        int expected = samples;
        for (PublishedRollouts followUp : followUps.values()) {
            expected += followUp.completions;
        }
        return expected;
    }

    /** Whether all rollouts that are expected have settled. */
    boolean isComplete() {
        return samples > 0 && settledCount() >= expected();
    }

    /** Whether there may be something known of each rollout; if not, some are still to come. */
    boolean mayBeKnown() {
        return samples > 0 && pending.size() + settled.size() + evidenceCount() >= expected();
    }

    /** Number of expected rollouts that have settled. */
    int settledCount() {
        if (onlyFirst) {
            return settled.size();
        }
        int count = 0;
        for (String rolloutId : settled) {
            PublishedRollouts of = published(rolloutId);
            if (of == null ? RolloutIds.followUpId(rolloutId) == null : sample(rolloutId) < of.completions) {
                count++;
            }
        }
        return count;
    }

    /** Number of rollouts that are evidence with a reward. */
    int evidenceCount() {
        int count = 0;
        for (PublishedRollouts of : followUps.values()) {
            count += of.rewarded;
        }
        return count;
    }

    /** The evidence whose rewards are known, in the order of its ids. */
    List<Evidence> evidence() {
        List<Evidence> evidence = new ArrayList<>();
        followUps.forEach((followUp, of) -> {
            for (int sample = 0; sample < of.rewards.length; sample++) {
                if (of.isRewarded(sample)) {
                    evidence.add(new Evidence(RolloutIds.of(followUp, sample), followUp, sample, of.rewards[sample]));
                }
            }
        });
        return evidence;
    }

    /** Ids of the rollouts that are expected and have neither settled nor, if they are evidence, a reward. */
    List<String> open() {
        List<String> open = new ArrayList<>();
        addOpen(id, samples, open);
        followUps.forEach((followUp, of) -> addOpen(followUp, of.completions, open));
        return open;
    }

    private void addOpen(String asked, int count, List<String> open) {
        for (int sample = 0; sample < count; sample++) {
            String rolloutId = RolloutIds.of(asked, sample);
            if (!isDone(rolloutId)) {
                open.add(rolloutId);
            }
        }
    }

    /** What is known about the rollouts that have not settled, in the order of their ids. */
    Collection<PendingRollout> pending() {
        return pending.values();
    }

    /** Whether any of the request's rollouts has settled. */
    boolean isAnySettled() {
        return !settled.isEmpty();
    }

    /** Whether other roles have expired rollouts of the request, and none has arrived. */
    boolean isKnownByExpiriesOnly() {
        return samples == 0 && isAnySettled() && !hasAnyArrived();
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

    /** Whether a rollout has arrived and not settled. Its bytes are stored unless it is evidence. */
    boolean hasArrived(String rolloutId) {
        PendingRollout rollout = pending.get(rolloutId);
        return rollout != null && rollout.dataset != null;
    }

    /** Whether a rollout is evidence that has arrived and has no reward yet. */
    boolean isEvidence(String rolloutId) {
        PendingRollout rollout = pending.get(rolloutId);
        return rollout != null && rollout.isEvidence();
    }

    /** Whether a rollout waits whose bytes are stored. */
    boolean isStored(String rolloutId) {
        PendingRollout rollout = pending.get(rolloutId);
        return rollout != null && rollout.isStored();
    }

    /** Number of rollouts that wait and whose bytes are stored. */
    int waiting() {
        int count = 0;
        for (PendingRollout rollout : pending.values()) {
            count += rollout.isStored() ? 1 : 0;
        }
        return count;
    }

    /** Whether any rollout has arrived and not settled. */
    boolean hasAnyArrived() {
        return pending.values().stream().anyMatch(rollout -> rollout.dataset != null);
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
                arrived.add(new ArrivedRollout(rolloutId, rollout.dataset, rollout.offset, rollout.purpose));
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
                Instant.ofEpochMilli(lastProgress),
                followUps.isEmpty() ? List.of() : followUpEvents());
    }

    private List<PublishedFollowUp> followUpEvents() {
        List<PublishedFollowUp> events = new ArrayList<>(followUps.size());
        followUps.forEach((followUp, of) -> {
            List<@Nullable Double> rewards = new ArrayList<>(of.rewards.length);
            for (int sample = 0; sample < of.rewards.length; sample++) {
                rewards.add(of.isRewarded(sample) ? (Double) of.rewards[sample] : null);
            }
            events.add(
                    new PublishedFollowUp(followUp, of.purpose, of.completions, of.rewarded > 0 ? rewards : List.of()));
        });
        return events;
    }

    /** A request that has settled, as it is stored: all else is forgotten. */
    static JoinState closed(long now) {
        return new JoinState(
                true, 0, null, List.of(), List.of(), List.of(), List.of(), Instant.ofEpochMilli(now), List.of());
    }
}
