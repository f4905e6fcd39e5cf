package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.RequestState.PendingRollout;
import io.sppostream.estimator.FollowUp;
import io.sppostream.events.Expired;
import io.sppostream.events.JoinState;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.log.DeadLetters;
import io.sppostream.log.LogObserver;
import io.sppostream.log.loop.CommitAfterPoll;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.metrics.Sensor.RecordingLevel;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The join of one partition, from a start of its task to its end: keeps the {@link RequestState} of each request, asks
 * {@link SettlementRule} what settles and which follow-ups to publish, and forwards both.
 *
 * <p>Its memory is its three stores, on disk: the state of each request, the bytes of each rollout that waits, and the
 * {@link Deadlines}. Each stored request has a deadline, at which it expires or is forgotten, unless it has made
 * progress meanwhile. Nothing is ever scanned but the deadlines that have passed.
 */
final class Join {
    static final String REQUESTS = "requests";
    static final String ROLLOUTS = "pending-rollouts";
    static final String DEADLINES = "deadlines";
    static final String ADVANTAGES = "advantages";
    static final String EXPIRED = "expired";
    static final String DEAD_ROLLOUTS = "dead-rollouts";
    static final String FOLLOW_UPS = "follow-ups";

    /** How often the clock is read. */
    private static final Duration TICK = Duration.ofMillis(100);

    /** Deadlines that one tick handles, so that it does not delay the records of a batch for long. */
    private static final int DEADLINES_PER_TICK = 2_000;

    /** Most open requests that are kept in memory beside the stores. */
    private static final int RECENT = 2_048;

    private final ProcessorContext<String, Object> context;
    private final SettlementRule rule;

    /** How long a settled request is remembered, in milliseconds. */
    private final long remember;

    /** The time from a request's last change to its first deadline, in milliseconds. */
    private final long wait;

    private final String topic;
    private final Function<byte[], Rollout> decoder;
    private final KeyValueStore<String, JoinState> requests;

    /** Open requests that changed last, as they are stored, so that not every record decodes its request's state. */
    private final Map<String, RequestState> recent = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, RequestState> eldest) {
            return size() > RECENT;
        }
    };

    private final KeyValueStore<String, byte[]> rollouts;
    private final Deadlines deadlines;
    private final Sensor dropped;
    private final CommitAfterPoll commits;
    private final LogObserver observer;
    private final JoinBacklog backlog;
    private final long startedAt;

    /** Rollouts of the request at hand that waited before the record or tick at hand. */
    private int waitedBefore;

    /**
     * Starts the clock.
     *
     * @param topic name of the topic of rollouts
     * @param decoder decodes the bytes that rollouts arrived as
     * @param observer told of dead letters, and of what waits
     */
    Join(
            ProcessorContext<String, Object> context,
            JoinSettings settings,
            String topic,
            Function<byte[], Rollout> decoder,
            LogObserver observer) {
        this.observer = observer;
        this.context = context;
        this.rule = new SettlementRule(settings);
        this.remember = settings.remember().toMillis();
        this.wait = Math.min(settings.patience().toMillis(), remember);
        this.topic = topic;
        this.decoder = decoder;
        this.requests = context.getStateStore(REQUESTS);
        this.rollouts = context.getStateStore(ROLLOUTS);
        this.deadlines = new Deadlines(context.getStateStore(DEADLINES));
        this.dropped = context.metrics()
                .addRateTotalSensor("advantage", context.taskId().toString(), "dropped-records", RecordingLevel.INFO);
        this.commits = new CommitAfterPoll(context);
        this.startedAt = context.currentSystemTimeMs();
        this.backlog = new JoinBacklog(observer, context.taskId().partition());
        if (deadlines.isEmpty()) {
            adoptFormerState();
        }
        backlog.restore(rollouts, requests);
        context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
    }

    /**
     * Adds what former versions, which held it in memory, did not store: the deadlines of requests, and which rollouts
     * wait. There is nothing to read on the first start.
     */
    private void adoptFormerState() {
        Map<String, JoinState> former = new LinkedHashMap<>();
        try (KeyValueIterator<String, JoinState> states = requests.all()) {
            while (states.hasNext()) {
                KeyValue<String, JoinState> stored = states.next();
                former.put(
                        stored.key,
                        JoinState.newBuilder(stored.value)
                                .setUpdatedAt(Instant.ofEpochMilli(startedAt))
                                .build());
            }
        }
        try (KeyValueIterator<String, byte[]> waiting = rollouts.all()) {
            while (waiting.hasNext()) {
                Rollout rollout = decoder.apply(waiting.next().value);
                String id = rollout.getRequestId();
                JoinState stored = former.get(id);
                RequestState request = stored == null ? new RequestState(id, startedAt) : new RequestState(id, stored);
                request.restore(rollout);
                former.put(id, request.toEvent());
            }
        }
        former.forEach((id, state) -> {
            requests.put(id, state);
            deadlines.add(startedAt + wait, id);
        });
    }

    /** Adds a record to its request, and forwards what it completes. */
    void take(JoinInput input) {
        freeSource();
        add(input);
        commits.processed();
    }

    /**
     * Frees the bytes of the record at hand, which Kafka Streams keeps for dead letters that we do not have it write.
     * Otherwise each entry in the cache of a store would keep those of the record that it was put for, and the cache,
     * which does not count them, would hold gigabytes of settled rollouts.
     */
    private void freeSource() {
        if (context.recordMetadata().orElse(null) instanceof ProcessorRecordContext source) {
            source.freeRawRecord();
        }
    }

    private void add(JoinInput input) {
        if (!rule.isRelevant(input)) {
            return;
        }
        long now = context.currentSystemTimeMs();
        if (input instanceof JoinInput.OfInvalidRollout invalid
                && RolloutRules.idViolation(invalid.rollout()) != null) {
            forward(rule.refuse(invalid, Instant.ofEpochMilli(now)), now); // It belongs to no request.
            commits.forwarded();
            return;
        }
        RequestState request = open(input.requestId(), now);
        Long offset = context.recordMetadata().map(RecordMetadata::offset).orElse(null);
        if (request == null) {
            drop(input);
            return;
        }
        waitedBefore = backlog.waiting(request);
        if (input instanceof JoinInput.OfExpired of && of.expired().getRolloutId() == null) {
            close(request, now);
            return;
        }
        boolean settledElsewhere = request.isKnownByExpiriesOnly();
        boolean isNew = request.add(input, offset);
        if (settledElsewhere && !request.isKnownByExpiriesOnly()) {
            // Its deadline may be the far one at which it would have been forgotten.
            deadlines.add(now + wait, request.id());
        }
        if (!isNew) {
            drop(input);
            if (input instanceof JoinInput.OfRollout) {
                save(request, now);
            }
            return;
        }
        request.progress(now);
        if (input instanceof JoinInput.OfInvalidRollout invalid) {
            forward(rule.refuse(invalid, Instant.ofEpochMilli(now)), now);
            commits.forwarded();
        }
        settleBy(input, request, now);
        save(request, now);
    }

    /** Settles what an input shows to have no reward, and the group if it waits for nothing more. */
    private void settleBy(JoinInput input, RequestState request, long now) {
        Instant time = Instant.ofEpochMilli(now);
        if (input instanceof JoinInput.OfExpired of && of.expired().getRolloutId() != null) {
            forget(of.expired().getRolloutId());
        }
        Rollout arrived = input instanceof JoinInput.OfRollout of ? of.rollout() : null;
        Settlement.NotTrained notJudged = rule.notJudged(input, request, time);
        if (notJudged != null) {
            settle(request, notJudged, now, input);
        }
        Function<String, Rollout> members =
                id -> arrived != null && arrived.getRolloutId().equals(id) ? arrived : waiting(request, id);
        PendingRollout unsettled = arrived == null ? null : request.find(arrived.getRolloutId());
        if (unsettled != null) {
            Settlement uncalledFor = rule.uncalledFor(unsettled, request, false, time);
            if (uncalledFor != null) {
                settle(request, uncalledFor, now, input);
                unsettled = null;
            } else if (rule.mayPlan(unsettled, request)) {
                publishFollowUps(request, members, requireNonNull(arrived), now, input);
            }
        }
        Double evidence = rule.evidenceReward(input, request);
        if (evidence != null) {
            request.reward(rolloutId(input), evidence);
        }
        if (rule.isReady(request)) {
            rule.settle(request, members, time).forEach(settlement -> settle(request, settlement, now, input));
        } else if (unsettled != null && !unsettled.isEvidence() && input instanceof JoinInput.OfRollout of) {
            rollouts.put(of.rollout().getRolloutId(), of.bytes());
        }
    }

    private static String rolloutId(JoinInput input) {
        return input instanceof JoinInput.OfRollout of
                ? of.rollout().getRolloutId()
                : ((JoinInput.OfVerdict) input).verdict().getRolloutId();
    }

    /** Publishes the follow-ups that a new rollout leads to. */
    private void publishFollowUps(
            RequestState request, Function<String, Rollout> members, Rollout arrived, long now, JoinInput input) {
        Instant time = Instant.ofEpochMilli(now);
        boolean anyNew;
        do {
            anyNew = false;
            for (FollowUp followUp : rule.plan(request, members)) {
                Prompt prompt = FollowUpPrompts.of(followUp, members, arrived, time);
                RequestPurpose purpose = requireNonNull(prompt.getFollowUp()).getPurpose();
                if (request.publish(followUp.id(), purpose, followUp.completions())) {
                    anyNew = true;
                    context.forward(new Record<>(request.id(), prompt, now), FOLLOW_UPS);
                    commits.forwarded();
                }
            }
            if (anyNew) {
                recallEarly(request, now, input);
            }
        } while (anyNew); // Branches that were read before their parent may lead to further ones.
    }

    /** Takes up what was read of rollouts before their follow-ups were planned. */
    private void recallEarly(RequestState request, long now, JoinInput input) {
        Instant time = Instant.ofEpochMilli(now);
        for (PendingRollout early : List.copyOf(request.pending())) {
            Settlement uncalledFor = rule.uncalledFor(early, request, false, time);
            Double reward = rule.evidenceReward(early, request);
            if (uncalledFor != null) {
                settle(request, uncalledFor, now, input);
            } else if (reward != null) {
                request.reward(early.id(), reward);
            }
        }
    }

    /** The open request with an id, a new one if the id is unknown; null if the request is closed. */
    private @Nullable RequestState open(String id, long now) {
        RequestState known = recent.get(id);
        if (known != null) {
            return known;
        }
        JoinState stored = requests.get(id);
        if (stored == null) {
            deadlines.add(now + wait, id);
            return new RequestState(id, now);
        }
        return stored.getClosed() ? null : new RequestState(id, stored);
    }

    /** Counts a duplicate. Roles may expire what has settled here, as the learner does: that is no duplicate. */
    private void drop(JoinInput input) {
        if (!(input instanceof JoinInput.OfExpired)) {
            dropped.record();
        }
    }

    /** A rollout that has arrived and waits. */
    private Rollout waiting(RequestState request, String rolloutId) {
        Rollout decoded = request.decoded(rolloutId);
        return decoded == null ? decoder.apply(bytes(rolloutId)) : decoded;
    }

    private byte[] bytes(String rolloutId) {
        return requireNonNull(rollouts.get(rolloutId), rolloutId);
    }

    /** Removes the bytes of a rollout. Unlike a deletion, it does not read what it removes. */
    private void forget(String rolloutId) {
        rollouts.put(rolloutId, null);
    }

    /**
     * Forwards the settlement of a rollout.
     *
     * @param input the record that caused it; null for the clock
     */
    private void settle(RequestState request, Settlement settlement, long now, @Nullable JoinInput input) {
        String rolloutId = settlement.rolloutId();
        // A new rollout has not been stored.
        JoinInput.OfRollout own = input instanceof JoinInput.OfRollout of
                        && of.rollout().getRolloutId().equals(rolloutId)
                ? of
                : null;
        if (settlement instanceof Settlement.Trained trained) {
            context.forward(new Record<>(request.id(), trained.sample(), now), ADVANTAGES);
        } else if (settlement instanceof Settlement.NotTrained not) {
            forward(not.expired(), now);
            if (not.deadLetter()) {
                byte[] bytes = own == null ? bytes(rolloutId) : own.bytes();
                Long offset = requireNonNull(request.find(rolloutId)).offset();
                forwardDeadLetter(request.id(), bytes, offset, not.expired().getDetail(), now);
            }
        }
        if (own == null && request.isStored(rolloutId)) {
            forget(rolloutId);
        }
        request.settle(rolloutId);
        commits.forwarded();
    }

    private void forward(Expired expired, long now) {
        context.forward(new Record<>(expired.getRequestId(), expired, now), EXPIRED);
    }

    /** Sends a rollout to the DLQ of its topic, byte for byte as it arrived. */
    private void forwardDeadLetter(String key, byte[] rollout, @Nullable Long offset, String error, long now) {
        Headers origin = DeadLetters.origin(
                new RecordHeaders(), topic, context.taskId().partition(), offset, RoleName.ADVANTAGE_STREAM, error);
        context.forward(new Record<>(key, rollout, now, origin), DEAD_ROLLOUTS);
        observer.deadLetter();
    }

    /** Stores a request that has changed, or closes it if its last rollout has settled. */
    private void save(RequestState request, long now) {
        if (request.isComplete()) {
            settleLeftOver(request, now);
            close(request, now);
        } else {
            requests.put(request.id(), request.toEvent());
            recent.put(request.id(), request);
            backlog.changed(request.id(), waitedBefore, backlog.waiting(request), now);
        }
    }

    private void close(RequestState request, long now) {
        request.arrived().forEach(this::forget);
        requests.put(request.id(), RequestState.closed(now));
        recent.remove(request.id());
        backlog.changed(request.id(), waitedBefore, 0, now);
    }

    /** The join of the partition ends here. */
    void end() {
        backlog.end();
    }

    /** Expires the requests that have waited too long, and forgets those that settled long ago. */
    private void tick(long now) {
        // Nothing is due before: time during which the join was stopped does not count.
        if (now >= startedAt + wait) {
            deadlines.take(now, DEADLINES_PER_TICK).forEach(id -> look(id, now));
        }
        backlog.report(now);
    }

    private void look(String id, long now) {
        JoinState stored = requests.get(id);
        if (stored == null) {
            return;
        }
        RequestState request = stored.getClosed() ? null : new RequestState(id, stored);
        waitedBefore = request == null ? 0 : backlog.waiting(request);
        long dueAt = request == null
                ? Math.max(stored.getUpdatedAt().toEpochMilli(), startedAt) + remember
                : rule.overdueAt(request, startedAt);
        if (dueAt > now) {
            deadlines.add(dueAt, id);
        } else if (request == null) {
            requests.delete(id);
        } else if (rule.isInconsequential(request)) {
            if (!request.isAnySettled()) {
                dropped.record();
            }
            requests.delete(id);
            recent.remove(id);
        } else {
            expire(request, now);
            close(request, now);
            deadlines.add(now + remember, id);
        }
    }

    /** Settles an overdue request. */
    private void expire(RequestState request, long now) {
        Instant time = Instant.ofEpochMilli(now);
        Expired whole = rule.expire(request, time);
        if (whole != null) {
            forward(whole, now);
        }
        rule.settleOverdue(request, id -> waiting(request, id), time)
                .forEach(settlement -> settle(request, settlement, now, null));
        if (whole == null) {
            settleLeftOver(request, now);
        }
    }

    private void settleLeftOver(RequestState request, long now) {
        rule.leftOver(request, Instant.ofEpochMilli(now)).forEach(settlement -> settle(request, settlement, now, null));
    }
}
