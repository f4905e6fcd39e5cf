package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Expired;
import io.sppostream.events.JoinState;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.log.DeadLetters;
import io.sppostream.log.loop.CommitOnIdle;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Iterator;
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
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The join of one partition, from a start of its task to its end: keeps the {@link RequestState} of each request, asks
 * {@link SettlementRule} what settles, and forwards it.
 *
 * <p>Two stores survive a crash: one holds the bytes of each rollout that waits, the other the rest of its request's
 * state. In-memory indexes, rebuilt from the stores at start-up, order open requests by last progress and closed ones by
 * the time of closing, so that a look at both heads finds everything that is due. A request that is in the store but not
 * open is closed.
 */
final class Join {
    static final String REQUESTS = "requests";
    static final String ROLLOUTS = "pending-rollouts";
    static final String ADVANTAGES = "advantages";
    static final String EXPIRED = "expired";
    static final String DEAD_ROLLOUTS = "dead-rollouts";

    /** How often the clock is read. */
    private static final Duration TICK = Duration.ofMillis(100);

    private static final JoinState CLOSED = new JoinState(true, 0, null, List.of(), List.of());

    private final ProcessorContext<String, Object> context;
    private final SettlementRule rule;
    private final Duration remember;
    private final String topic;
    private final Function<byte[], Rollout> decoder;
    private final KeyValueStore<String, JoinState> requests;
    private final KeyValueStore<String, byte[]> rollouts;
    private final Sensor dropped;
    private final CommitOnIdle commitOnIdle;
    private final Map<String, RequestState> open = new LinkedHashMap<>();
    private final ArrayDeque<Closed> closed = new ArrayDeque<>();

    /** A request that has settled, and the time at which it is forgotten. */
    private record Closed(String requestId, long forgetAt) {}

    /**
     * Rebuilds the indexes from the stores and starts the clock.
     *
     * @param topic name of the topic of rollouts
     * @param decoder decodes the bytes that rollouts arrived as
     */
    Join(
            ProcessorContext<String, Object> context,
            JoinSettings settings,
            String topic,
            Function<byte[], Rollout> decoder) {
        this.context = context;
        this.rule = new SettlementRule(settings);
        this.remember = settings.remember();
        this.topic = topic;
        this.decoder = decoder;
        this.requests = context.getStateStore(REQUESTS);
        this.rollouts = context.getStateStore(ROLLOUTS);
        this.dropped = context.metrics()
                .addRateTotalSensor("advantage", context.taskId().toString(), "dropped-records", RecordingLevel.INFO);
        this.commitOnIdle = new CommitOnIdle(context);
        restore(context.currentSystemTimeMs());
        context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
    }

    private void restore(long now) {
        try (KeyValueIterator<String, JoinState> states = requests.all()) {
            while (states.hasNext()) {
                KeyValue<String, JoinState> stored = states.next();
                if (stored.value.getClosed()) {
                    closed.add(closed(stored.key, now));
                } else {
                    open.put(stored.key, new RequestState(stored.key, stored.value, now));
                }
            }
        }
        try (KeyValueIterator<String, byte[]> waiting = rollouts.all()) {
            while (waiting.hasNext()) {
                Rollout rollout = decoder.apply(waiting.next().value);
                open.computeIfAbsent(rollout.getRequestId(), id -> new RequestState(id, now))
                        .restore(rollout);
            }
        }
    }

    /** Adds a record to its request, and forwards what it completes. */
    void take(JoinInput input) {
        if (!rule.isRelevant(input)) {
            return;
        }
        long now = context.currentSystemTimeMs();
        if (input instanceof JoinInput.OfInvalidRollout invalid
                && RolloutRules.idViolation(invalid.rollout()) != null) {
            forward(rule.refuse(invalid, Instant.ofEpochMilli(now)), now); // It belongs to no request.
            commitOnIdle.forwarded();
            return;
        }
        RequestState request = open(input.requestId(), now);
        Long offset = context.recordMetadata().map(RecordMetadata::offset).orElse(null);
        if (request == null || !request.add(input, offset)) {
            drop(input);
            return;
        }
        if (input instanceof JoinInput.OfExpired of && of.expired().getRolloutId() == null) {
            open.remove(request.id());
            close(request, now);
            return;
        }
        progress(request, now);
        if (input instanceof JoinInput.OfInvalidRollout invalid) {
            forward(rule.refuse(invalid, Instant.ofEpochMilli(now)), now);
            commitOnIdle.forwarded();
        }
        List<String> completed = rule.completedBy(input, request);
        if (input instanceof JoinInput.OfRollout of) {
            if (completed.isEmpty()) {
                rollouts.put(of.rollout().getRolloutId(), of.bytes());
                return;
            }
            settle(request, of.rollout(), of.bytes(), now);
        } else {
            for (String rolloutId : completed) {
                byte[] bytes = requireNonNull(rollouts.delete(rolloutId), rolloutId);
                settle(request, decoder.apply(bytes), bytes, now);
            }
        }
        save(request, now);
    }

    /** The open request with an id, a new one if the id is unknown; null if the request is closed. */
    private @Nullable RequestState open(String id, long now) {
        RequestState request = open.get(id);
        if (request == null && requests.get(id) == null) {
            request = new RequestState(id, now);
            open.put(id, request);
        }
        return request;
    }

    /** Counts a duplicate. Roles may expire what has settled here, as the learner does: that is no duplicate. */
    private void drop(JoinInput input) {
        if (!(input instanceof JoinInput.OfExpired)) {
            dropped.record();
        }
    }

    /** Something new has arrived: the request's patience starts again, and it moves behind all others. */
    private void progress(RequestState request, long now) {
        request.progress(now);
        open.remove(request.id());
        open.put(request.id(), request);
    }

    private void settle(RequestState request, Rollout rollout, byte[] bytes, long now) {
        Settlement settlement = rule.settle(request, rollout, Instant.ofEpochMilli(now));
        if (settlement instanceof Settlement.Trained trained) {
            context.forward(new Record<>(request.id(), trained.sample(), now), ADVANTAGES);
        } else if (settlement instanceof Settlement.NotTrained not) {
            forward(not.expired(), now);
            if (not.deadLetter()) {
                Long offset =
                        requireNonNull(request.find(rollout.getRolloutId())).offset();
                forwardDeadLetter(request.id(), bytes, offset, not.expired().getDetail(), now);
            }
        }
        request.settle(rollout.getRolloutId());
        commitOnIdle.forwarded();
    }

    private void forward(Expired expired, long now) {
        context.forward(new Record<>(expired.getRequestId(), expired, now), EXPIRED);
    }

    /** Sends a rollout to the DLQ of its topic, byte for byte as it arrived. */
    private void forwardDeadLetter(String key, byte[] rollout, @Nullable Long offset, String error, long now) {
        Headers origin = DeadLetters.origin(
                new RecordHeaders(), topic, context.taskId().partition(), offset, RoleName.ADVANTAGE_STREAM, error);
        context.forward(new Record<>(key, rollout, now, origin), DEAD_ROLLOUTS);
    }

    /** Stores a request that has changed, or closes it if its last rollout has settled. */
    private void save(RequestState request, long now) {
        if (request.isComplete()) {
            open.remove(request.id());
            close(request, now);
        } else {
            requests.put(request.id(), request.toEvent());
        }
    }

    private void close(RequestState request, long now) {
        request.arrived().forEach(rollouts::delete);
        requests.put(request.id(), CLOSED);
        closed.add(closed(request.id(), now));
    }

    private Closed closed(String requestId, long now) {
        return new Closed(requestId, now + remember.toMillis());
    }

    /** Expires the requests that have waited too long, and forgets those that settled long ago. */
    private void tick(long now) {
        Iterator<RequestState> oldest = open.values().iterator();
        while (oldest.hasNext()) {
            RequestState request = oldest.next();
            if (!rule.isOverdue(request, now)) {
                break;
            }
            oldest.remove();
            if (request.hasOnlyVerdicts()) {
                requests.delete(request.id());
            } else {
                rule.expire(request, Instant.ofEpochMilli(now)).forEach(expired -> forward(expired, now));
                close(request, now);
            }
        }
        while (!closed.isEmpty() && closed.element().forgetAt() <= now) {
            requests.delete(closed.remove().requestId());
        }
    }
}
