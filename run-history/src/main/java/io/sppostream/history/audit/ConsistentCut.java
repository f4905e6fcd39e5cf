package io.sppostream.history.audit;

import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.LogException;
import io.sppostream.log.TopicAdmin;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/**
 * A consistent cut through the log of a run that may be in progress: the offset at which the audit stops, per partition.
 *
 * <p>Effects are cut before their causes. The end offsets are taken against the data flow: the learners' committed
 * offsets and published versions, the ledger, expiries, training samples, verdicts and values, rollouts, prompts and
 * versions. The causes of a record were on the log before it, so if a record is within the cut, its causes are too. A
 * record that is missing downstream is therefore pending, and one that is missing upstream is a fault, however fast the
 * run continues meanwhile.
 *
 * <p>The records of one transaction become visible partition by partition and reach their brokers in any order, so
 * "committed" is not one moment for all topics. The cut therefore takes the end of all records of a topic, and waits for
 * the transactions that are open before it to end before it takes the next topic. All records of a transaction that has
 * ended are on the log.
 *
 * @param published ends of the versions topics before the ledger's end was taken; steps of earlier versions are in it
 * @param consumed offsets that the group of each model had committed before that
 * @param ends end offset of each partition
 */
record ConsistentCut(
        Map<TopicPartition, Long> published,
        Map<ModelKind, Map<TopicPartition, Long>> consumed,
        Map<TopicPartition, Long> ends) {
    /** Longer than the broker keeps the transaction of a killed role open. */
    private static final Duration TIMEOUT = Duration.ofSeconds(90);

    private static final long POLL_MS = 5;

    static ConsistentCut of(TopicAdmin admin, Topics topics) {
        Map<ModelKind, Map<TopicPartition, Long>> consumed = new EnumMap<>(ModelKind.class);
        consumed.put(ModelKind.POLICY, admin.committed(topics.application(RoleName.POLICY_LEARNER)));
        consumed.put(ModelKind.CRITIC, admin.committed(topics.application(RoleName.CRITIC)));
        Map<TopicPartition, Long> published = admin.ends(
                IsolationLevel.READ_COMMITTED,
                List.of(topics.versions(ModelKind.POLICY), topics.versions(ModelKind.CRITIC)));

        Map<TopicPartition, Long> ends = new HashMap<>();
        for (var together : List.of(
                List.of(topics.trainingSteps()),
                List.of(topics.expired()),
                List.of(topics.advantages()),
                List.of(topics.verdicts(), topics.values()),
                List.of(topics.rollouts()),
                List.of(
                        topics.prompts(),
                        topics.runs(),
                        topics.versions(ModelKind.POLICY),
                        topics.versions(ModelKind.CRITIC)))) {
            ends.putAll(settledEnds(admin, together));
        }
        return new ConsistentCut(published, consumed, ends);
    }

    /** The ends of topics; returns when no transaction is open before them. */
    private static Map<TopicPartition, Long> settledEnds(TopicAdmin admin, List<? extends Topic<?>> topics) {
        Map<TopicPartition, Long> ends = admin.ends(IsolationLevel.READ_UNCOMMITTED, topics);
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (isOpenBefore(ends, admin.ends(IsolationLevel.READ_COMMITTED, topics))) {
            if (System.nanoTime() > deadline) {
                throw new LogException(ends.keySet() + ": a transaction has been open for more than "
                        + TIMEOUT.toSeconds() + " s: restart its role, which commits or aborts it");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(POLL_MS);
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }
        return ends;
    }

    private static boolean isOpenBefore(Map<TopicPartition, Long> ends, Map<TopicPartition, Long> lastStable) {
        return ends.entrySet().stream().anyMatch(end -> lastStable.getOrDefault(end.getKey(), 0L) < end.getValue());
    }

    /** The end of a versions topic before the ledger's end was taken. */
    long published(Topic<?> versions) {
        return published.getOrDefault(new TopicPartition(versions.name(), 0), 0L);
    }
}
