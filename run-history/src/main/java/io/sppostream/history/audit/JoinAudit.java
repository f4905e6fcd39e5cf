package io.sppostream.history.audit;

import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.events.catalogue.VerdictRules;
import io.sppostream.log.EventRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * Checks that each sample holds the rollout, the verdicts and the value that are on their topics, bit for bit. Keeps a
 * digest of each record. Several threads may read the topics, one thread per topic.
 */
final class JoinAudit {

    /** The digests of the records that a sample holds. */
    private record Joined(
            RolloutStatus status,
            int partition,
            long offset,
            long rollout,
            List<Long> verdicts,
            long value,
            boolean hasValue) {}

    private final Topics topics;
    private final RequestAudit requests;
    private final Check check =
            new Check("joins", "each holds the rollout, verdicts and value that are on their topics");
    private final List<Joined> samples = new ArrayList<>();
    private final EventDigest<Rollout> rollouts = new EventDigest<>(Rollout.class);
    private final EventDigest<Verdict> verdicts = new EventDigest<>(Verdict.class);
    private final EventDigest<Value> values = new EventDigest<>(Value.class);
    private final EventDigest<Rollout> sampledRollouts = new EventDigest<>(Rollout.class);
    private final EventDigest<Verdict> sampledVerdicts = new EventDigest<>(Verdict.class);
    private final EventDigest<Value> sampledValues = new EventDigest<>(Value.class);

    JoinAudit(Topics topics, RequestAudit requests) {
        this.topics = topics;
        this.requests = requests;
    }

    void rollout(EventRecord<Rollout> record) {
        Rollout rollout = record.event();
        RolloutStatus status = requests.status(PromptRules.boundedId(rollout.getRolloutId()));
        status.rollouts = Digests.with(status.rollouts, rollouts.of(rollout));
    }

    void verdict(EventRecord<Verdict> record) {
        Verdict verdict = VerdictRules.bounded(record.event());
        RolloutStatus status = requests.status(verdict.getRolloutId());
        status.verdicts = Digests.with(status.verdicts, verdicts.of(ordered(verdict)));
    }

    void value(EventRecord<Value> record) {
        Value value = record.event();
        RolloutStatus status = requests.status(firstRollout(value.getRequestId()));
        status.values = Digests.with(status.values, values.of(value));
    }

    void sample(EventRecord<TrainingSample> record) {
        TrainingSample sample = record.event();
        List<Long> judged = new ArrayList<>(1);
        judged.add(sampledVerdicts.of(ordered(sample.getVerdict())));
        sample.getFurtherVerdicts().forEach(verdict -> judged.add(sampledVerdicts.of(ordered(verdict))));
        Value value = sample.getValue();
        samples.add(new Joined(
                requests.status(sample.getRollout().getRolloutId()),
                record.partition(),
                record.offset(),
                sampledRollouts.of(sample.getRollout()),
                judged,
                value == null ? 0 : sampledValues.of(value),
                value != null));
    }

    /** The digest of a request's value is kept with its first rollout. */
    private static String firstRollout(String requestId) {
        return requestId + "/0";
    }

    /** A verdict whose map has a defined order, since Avro encodes maps in their iteration order. */
    private static Verdict ordered(Verdict verdict) {
        return verdict.getSettings().size() < 2
                ? verdict
                : Verdict.newBuilder(verdict)
                        .setSettings(new TreeMap<>(verdict.getSettings()))
                        .build();
    }

    /**
     * Compares samples with topics, after all topics are read.
     *
     * @param complete names of the topics that still have all of their records; a record that another topic does not have
     *     may have been deleted
     */
    Check conclude(Set<String> complete) {
        for (Joined sample : samples) {
            RolloutStatus status = sample.status();
            compare(sample, topics.rollouts(), complete, status.rollouts, sample.rollout());
            for (long verdict : sample.verdicts()) {
                compare(sample, topics.verdicts(), complete, status.verdicts, verdict);
            }
            if (sample.hasValue()) {
                compare(
                        sample,
                        topics.values(),
                        complete,
                        requests.status(firstRollout(status.requestId())).values,
                        sample.value());
            }
        }
        check.summarize("%,d samples", samples.size());
        return check;
    }

    private void compare(Joined sample, Topic<?> topic, Set<String> complete, long[] found, long held) {
        boolean gone = found.length == 0 && !complete.contains(topic.name());
        check.require(
                gone || Digests.contains(found, held),
                () -> new Finding(
                        Finding.NO_STEP,
                        Finding.place(topics.advantages().name(), sample.partition(), sample.offset()),
                        "the sample of rollout " + sample.status().rolloutId + " holds a record that is not on "
                                + topic.name() + ", which has " + (found.length == 0 ? "none" : found.length)
                                + " for it"));
    }

    /** Small sets of digests; most have one element. */
    private static final class Digests {
        static long[] with(long[] digests, long another) {
            long[] more = Arrays.copyOf(digests, digests.length + 1);
            more[digests.length] = another;
            return more;
        }

        static boolean contains(long[] digests, long wanted) {
            for (long digest : digests) {
                if (digest == wanted) {
                    return true;
                }
            }
            return false;
        }
    }
}
