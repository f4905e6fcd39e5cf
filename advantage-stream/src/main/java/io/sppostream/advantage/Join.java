package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.Combination.Outcome;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.JoinState;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.log.DeadLetters;
import io.sppostream.log.loop.CommitOnIdle;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * The join of one partition, from a start of its task to its end. What must not be lost is in two stores: one holds the
 * bytes of each rollout that waits, the other all else about its request. What is decided by is on the heap, built from
 * the stores at the start: the open requests in the order of their last progress, and the closed ones in the order of
 * their closing, so that looking for what has expired is a look at both heads. A request that is in the store and not
 * among the open ones is closed.
 */
final class Join {
    static final String REQUESTS = "requests";
    static final String ROLLOUTS = "pending-rollouts";
    static final String ADVANTAGES = "advantages";
    static final String EXPIRED = "expired";
    static final String DEAD_ROLLOUTS = "dead-rollouts";

    /** How often the clock is looked at. */
    private static final Duration TICK = Duration.ofMillis(100);

    private static final JoinState CLOSED = new JoinState(true, 0, null, List.of(), List.of());

    private final ProcessorContext<String, Object> context;
    private final AdvantageEstimator estimator;
    private final JoinSettings settings;
    private final Set<String> rewarding;
    private final String topic;
    private final Function<byte[], Rollout> decoder;
    private final KeyValueStore<String, JoinState> requests;
    private final KeyValueStore<String, byte[]> rollouts;
    private final Sensor dropped;
    private final CommitOnIdle wave;
    private final Map<String, Request> open = new LinkedHashMap<>();
    private final ArrayDeque<Closed> closed = new ArrayDeque<>();

    /** A request of which something is still to come. */
    private static final class Request {
        private final String id;
        private final Map<String, Sample> waiting = new HashMap<>(2);
        private final Set<String> settled = new HashSet<>(2);
        private @Nullable Value value;
        /** Rollouts to come in all; 0 before the first has said. */
        private int samples;
        /** When something new last arrived, in milliseconds of the wall clock. */
        private long since;

        private Request(String id) {
            this.id = id;
        }

        /**
         * Whether there are verdicts of it and nothing else. A rollout is on the log before its verdict: either it has
         * settled so long ago that it is forgotten, or it is still to be read.
         */
        private boolean isUnknown() {
            return samples == 0 && value == null && settled.isEmpty();
        }

        private Sample sample(String rolloutId) {
            return waiting.computeIfAbsent(rolloutId, id -> new Sample());
        }

        private JoinState state() {
            List<Verdict> verdicts = new ArrayList<>(waiting.size());
            for (Sample sample : waiting.values()) {
                verdicts.addAll(sample.verdicts);
            }
            return new JoinState(false, samples, value, verdicts, List.copyOf(settled));
        }
    }

    /** One rollout of a request, before it settles. */
    private static final class Sample {
        private final List<Verdict> verdicts = new ArrayList<>(1);
        /** How verdicts become its reward; null until the rollout arrives. */
        private @Nullable Combination combination;
        /** Where the rollout lies on its topic; null where that was before a restart. */
        private @Nullable Long offset;
        /** What its verdicts come to; null while that is open. */
        private @Nullable Outcome outcome;

        private boolean arrived() {
            return combination != null;
        }

        private void arrive(Combination combination) {
            this.combination = combination;
            outcome = combination.outcome(verdicts);
        }

        /** Takes a verdict in, unless its verifier has spoken before. */
        private boolean add(Verdict verdict) {
            for (Verdict known : verdicts) {
                if (known.getVerifier().equals(verdict.getVerifier())) {
                    return false;
                }
            }
            verdicts.add(verdict);
            if (combination != null) {
                outcome = combination.outcome(verdicts);
            }
            return true;
        }

        private boolean complete(Request request) {
            return outcome instanceof Outcome.NotJudged || (outcome != null && request.value != null);
        }
    }

    /** A request that has settled, and when it may be forgotten. */
    private record Closed(String requestId, long forgetAt) {}

    /**
     * Picks up what the stores hold and starts the clock.
     *
     * @param topic name of the topic of rollouts
     * @param decoder of the bytes that rollouts arrived as
     */
    Join(
            ProcessorContext<String, Object> context,
            AdvantageEstimator estimator,
            JoinSettings settings,
            String topic,
            Function<byte[], Rollout> decoder) {
        this.context = context;
        this.estimator = estimator;
        this.settings = settings;
        this.rewarding = settings.rewards().verifiers();
        this.topic = topic;
        this.decoder = decoder;
        this.requests = context.getStateStore(REQUESTS);
        this.rollouts = context.getStateStore(ROLLOUTS);
        this.dropped = context.metrics()
                .addRateTotalSensor("advantage", context.taskId().toString(), "dropped-records", RecordingLevel.INFO);
        this.wave = new CommitOnIdle(context);
        restore(context.currentSystemTimeMs());
        context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::expire);
    }

    private void restore(long now) {
        try (KeyValueIterator<String, JoinState> states = requests.all()) {
            while (states.hasNext()) {
                KeyValue<String, JoinState> entry = states.next();
                if (entry.value.getClosed()) {
                    closed.add(closed(entry.key, now));
                } else {
                    Request request = open(entry.key, now);
                    request.samples = entry.value.getSamples();
                    request.value = entry.value.getValue();
                    request.settled.addAll(entry.value.getSettled());
                    entry.value
                            .getVerdicts()
                            .forEach(verdict ->
                                    request.sample(verdict.getRolloutId()).add(verdict));
                }
            }
        }
        try (KeyValueIterator<String, byte[]> waiting = rollouts.all()) {
            while (waiting.hasNext()) {
                Rollout rollout = decoder.apply(waiting.next().value);
                Request request = open.get(rollout.getRequestId());
                if (request == null) {
                    request = open(rollout.getRequestId(), now);
                }
                request.samples = rollout.getSamples();
                request.sample(rollout.getRolloutId()).arrive(settings.rewards().of(rollout.getDataset()));
            }
        }
    }

    /** Takes in a record, and passes on what it completes. */
    void take(JoinInput arrival) {
        if (arrival instanceof JoinInput.OfRollout of) {
            take(of.rollout(), of.bytes());
        } else if (arrival instanceof JoinInput.OfVerdict of) {
            take(of.verdict());
        } else if (arrival instanceof JoinInput.OfValue of) {
            take(of.value());
        } else if (arrival instanceof JoinInput.OfExpired of) {
            take(of.expired());
        }
    }

    private void take(Rollout rollout, byte[] bytes) {
        String id = rollout.getRolloutId();
        Request request = request(rollout.getRequestId());
        if (request == null
                || request.settled.contains(id)
                || request.sample(id).arrived()) {
            dropped.record();
            return;
        }
        Sample sample = request.sample(id);
        sample.arrive(settings.rewards().of(rollout.getDataset()));
        sample.offset = context.recordMetadata().map(RecordMetadata::offset).orElse(null);
        request.samples = rollout.getSamples();
        progress(request);
        if (sample.complete(request)) {
            settle(request, rollout, bytes, sample);
            save(request);
        } else {
            rollouts.put(id, bytes);
        }
    }

    private void take(Verdict verdict) {
        if (verdict.getShadow() || !rewarding.contains(verdict.getVerifier())) {
            return;
        }
        String id = verdict.getRolloutId();
        Request request = request(verdict.getRequestId());
        if (request == null
                || request.settled.contains(id)
                || !request.sample(id).add(verdict)) {
            dropped.record();
            return;
        }
        progress(request);
        Sample sample = request.sample(id);
        if (sample.complete(request)) {
            settleWaiting(request, id, sample);
        }
        save(request);
    }

    private void take(Value value) {
        Request request = request(value.getRequestId());
        if (request == null || request.value != null) {
            dropped.record();
            return;
        }
        request.value = value;
        progress(request);
        for (Map.Entry<String, Sample> waiting : List.copyOf(request.waiting.entrySet())) {
            if (waiting.getValue().complete(request)) {
                settleWaiting(request, waiting.getKey(), waiting.getValue());
            }
        }
        save(request);
    }

    /** A rollout that another role has let go of has settled, and is not to be waited for. */
    private void take(Expired expired) {
        String id = expired.getRolloutId();
        if (id == null || expired.getDecidedBy().equals(RoleName.ADVANTAGE_STREAM)) {
            return;
        }
        Request request = request(expired.getRequestId());
        if (request != null && request.settled.add(id)) {
            progress(request);
            save(request);
        }
    }

    /** The open request of that name, a new one where there was none; null if it is closed. */
    private @Nullable Request request(String id) {
        Request request = open.get(id);
        if (request == null && requests.get(id) == null) {
            request = open(id, context.currentSystemTimeMs());
        }
        return request;
    }

    private Request open(String id, long now) {
        Request request = new Request(id);
        request.since = now;
        open.put(id, request);
        return request;
    }

    /** Something new arrived: the request's patience starts afresh, behind all others'. */
    private void progress(Request request) {
        request.since = context.currentSystemTimeMs();
        open.remove(request.id);
        open.put(request.id, request);
    }

    private void settleWaiting(Request request, String rolloutId, Sample sample) {
        byte[] bytes = requireNonNull(rollouts.delete(rolloutId), rolloutId);
        settle(request, decoder.apply(bytes), bytes, sample);
    }

    /** One rollout leaves, as a training sample or, where its verdicts come to no reward, as expired. */
    private void settle(Request request, Rollout rollout, byte[] bytes, Sample sample) {
        long now = context.currentSystemTimeMs();
        if (sample.outcome instanceof Outcome.Rewarded rewarded) {
            train(request, rollout, sample, rewarded, now);
        } else if (sample.outcome instanceof Outcome.NotJudged notJudged) {
            expire(request, rollout.getRolloutId(), notJudged.reason(), notJudged.detail(), now);
            if (notJudged.because().getStatus() == VerdictStatus.UNPARSEABLE_REFERENCE) {
                putAside(request, bytes, sample, notJudged.detail(), now);
            }
        }
        request.waiting.remove(rollout.getRolloutId());
        request.settled.add(rollout.getRolloutId());
        wave.forwarded();
    }

    private void train(Request request, Rollout rollout, Sample sample, Outcome.Rewarded rewarded, long now) {
        Value value = requireNonNull(request.value);
        List<Verdict> verdicts = rewarded.verdicts();
        TrainingSample trained = new TrainingSample(
                rollout,
                verdicts.get(0),
                value,
                rewarded.reward(),
                estimator.name(),
                estimator.estimate(
                        rewarded.reward(),
                        value.getProbability(),
                        rollout.getResponseTokens().size()),
                Instant.ofEpochMilli(now),
                requireNonNull(sample.combination).id(),
                verdicts.subList(1, verdicts.size()));
        context.forward(new Record<>(request.id, trained, now), ADVANTAGES);
    }

    /** A rollout that nobody can judge goes to the dead letters of its topic as it arrived, for a person to look at. */
    private void putAside(Request request, byte[] rollout, Sample sample, String error, long now) {
        Headers origin = DeadLetters.origin(
                new RecordHeaders(),
                topic,
                context.taskId().partition(),
                sample.offset,
                RoleName.ADVANTAGE_STREAM,
                error);
        context.forward(new Record<>(request.id, rollout, now, origin), DEAD_ROLLOUTS);
    }

    private void expire(Request request, @Nullable String rolloutId, ExpiryReason reason, String detail, long now) {
        Expired expired = new Expired(
                request.id, rolloutId, reason, detail, RoleName.ADVANTAGE_STREAM, Instant.ofEpochMilli(now));
        context.forward(new Record<>(request.id, expired, now), EXPIRED);
    }

    /** Writes down a request that has changed, or closes it if its last rollout has settled. */
    private void save(Request request) {
        if (request.samples > 0 && request.settled.size() >= request.samples) {
            open.remove(request.id);
            close(request, context.currentSystemTimeMs());
        } else {
            requests.put(request.id, request.state());
        }
    }

    private void close(Request request, long now) {
        for (Map.Entry<String, Sample> waiting : request.waiting.entrySet()) {
            if (waiting.getValue().arrived()) {
                rollouts.delete(waiting.getKey());
            }
        }
        requests.put(request.id, CLOSED);
        closed.add(closed(request.id, now));
    }

    private Closed closed(String requestId, long now) {
        return new Closed(requestId, now + settings.remember().toMillis());
    }

    /** Lets go of the requests that have waited too long, and forgets those that were settled long ago. */
    private void expire(long now) {
        long before = now - settings.patience().toMillis();
        Iterator<Request> oldest = open.values().iterator();
        while (oldest.hasNext()) {
            Request request = oldest.next();
            if (request.since > before) {
                break;
            }
            oldest.remove();
            if (request.isUnknown()) {
                requests.delete(request.id);
            } else {
                expire(request, now);
                close(request, now);
            }
        }
        while (!closed.isEmpty() && closed.element().forgetAt() <= now) {
            requests.delete(closed.remove().requestId());
        }
    }

    /** What of a request has not settled expires: rollouts by name, or the whole request where none ever came. */
    private void expire(Request request, long now) {
        if (request.samples == 0 && request.settled.isEmpty()) {
            expire(request, null, ExpiryReason.NO_ROLLOUT_IN_TIME, detail(), now);
        }
        for (int sample = 0; sample < request.samples; sample++) {
            String rolloutId = RolloutIds.of(request.id, sample);
            if (!request.settled.contains(rolloutId)) {
                expire(request, rolloutId, reason(request.sample(rolloutId)), detail(), now);
            }
        }
    }

    private static ExpiryReason reason(Sample sample) {
        if (!sample.arrived()) {
            return ExpiryReason.NO_ROLLOUT_IN_TIME;
        }
        return sample.outcome == null ? ExpiryReason.NO_VERDICT_IN_TIME : ExpiryReason.NO_VALUE_IN_TIME;
    }

    private String detail() {
        return "nothing new for " + settings.patience().toSeconds() + " s";
    }
}
