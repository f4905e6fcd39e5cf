package io.sppostream.history.audit;

import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether samples hold what was joined: the rollout, the verdicts and the value that lie on their topics, to the bit. Of
 * each record its digest is kept. The topics may be read by several threads, one each.
 */
final class Joins {

    /** The digests of what a sample holds. */
    private record Joined(
            Fate fate, int partition, long offset, long rollout, List<Long> verdicts, long value, boolean hasValue) {}

    private final Topics topics;
    private final Requests requests;
    private final Check check =
            new Check("joins", "each holds the rollout, verdicts and value that are on their topics");
    private final List<Joined> samples = new ArrayList<>();
    private final Digester<Rollout> rollouts = new Digester<>(Rollout.class);
    private final Digester<Verdict> verdicts = new Digester<>(Verdict.class);
    private final Digester<Value> values = new Digester<>(Value.class);
    private final Digester<Rollout> sampledRollouts = new Digester<>(Rollout.class);
    private final Digester<Verdict> sampledVerdicts = new Digester<>(Verdict.class);
    private final Digester<Value> sampledValues = new Digester<>(Value.class);

    Joins(Topics topics, Requests requests) {
        this.topics = topics;
        this.requests = requests;
    }

    void rollout(EventRecord<Rollout> received) {
        Rollout rollout = received.event();
        Fate fate = requests.fate(rollout.getRolloutId());
        fate.rollouts = Digests.with(fate.rollouts, rollouts.of(rollout));
    }

    void verdict(EventRecord<Verdict> received) {
        Verdict verdict = received.event();
        Fate fate = requests.fate(verdict.getRolloutId());
        fate.verdicts = Digests.with(fate.verdicts, verdicts.of(ordered(verdict)));
    }

    void value(EventRecord<Value> received) {
        Value value = received.event();
        Fate fate = requests.fate(first(value.getRequestId()));
        fate.values = Digests.with(fate.values, values.of(value));
    }

    void sample(EventRecord<TrainingSample> received) {
        TrainingSample sample = received.event();
        List<Long> judged = new ArrayList<>(1);
        judged.add(sampledVerdicts.of(ordered(sample.getVerdict())));
        sample.getFurtherVerdicts().forEach(verdict -> judged.add(sampledVerdicts.of(ordered(verdict))));
        Value value = sample.getValue();
        samples.add(new Joined(
                requests.fate(sample.getRollout().getRolloutId()),
                received.partition(),
                received.offset(),
                sampledRollouts.of(sample.getRollout()),
                judged,
                value == null ? 0 : sampledValues.of(value),
                value != null));
    }

    /** A request's value is kept with its first rollout. */
    private static String first(String requestId) {
        return requestId + "/0";
    }

    /** Maps are written in the order they happen to have. */
    private static Verdict ordered(Verdict verdict) {
        return verdict.getSettings().size() < 2
                ? verdict
                : Verdict.newBuilder(verdict)
                        .setSettings(new TreeMap<>(verdict.getSettings()))
                        .build();
    }

    /**
     * Compares, once all topics are read.
     *
     * @param whole names of the topics that still have all of their records; what others do not have may have been there
     */
    Check conclude(Set<String> whole) {
        for (Joined sample : samples) {
            Fate fate = sample.fate();
            compare(sample, topics.rollouts(), whole, fate.rollouts, sample.rollout());
            for (long verdict : sample.verdicts()) {
                compare(sample, topics.verdicts(), whole, fate.verdicts, verdict);
            }
            if (sample.hasValue()) {
                compare(sample, topics.values(), whole, requests.fate(first(fate.requestId())).values, sample.value());
            }
        }
        check.sumUp("%,d samples", samples.size());
        return check;
    }

    private void compare(Joined sample, Topic<?> topic, Set<String> whole, long[] there, long held) {
        boolean gone = there.length == 0 && !whole.contains(topic.name());
        check.require(
                gone || Digests.contains(there, held),
                () -> new Difference(
                        Difference.NO_STEP,
                        Difference.place(topics.advantages().name(), sample.partition(), sample.offset()),
                        "the sample of rollout " + sample.fate().rolloutId + " holds another record than "
                                + topic.name() + ", which has " + (there.length == 0 ? "none" : there.length)
                                + " of it"));
    }

    /** Small sets of digests: most have one. */
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
