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
 * A consistent cut through the log of a run that may be going on: where each topic is taken to end.
 *
 * <p>Effects are cut before their causes. The ends are asked for against the flow: what the learners had consumed and
 * published, the ledger, what expired, training samples, verdicts and values, rollouts, prompts and versions. Each record
 * within the cut of its topic has its causes within the cuts of theirs, as these were on the log before it. So what is
 * missing downstream of a record is pending, and what is missing upstream of one is a fault, however fast the run goes on
 * meanwhile.
 *
 * <p>Records of one transaction become visible partition by partition, and reach their brokers in any order, so that
 * "committed" is no moment shared by topics. The end of each topic is therefore that of all records, and the transactions
 * that are open before it are waited for before the next topic is looked at: a transaction that has ended has all of its
 * records on the log, on whatever topics.
 *
 * @param published where the versions topics ended before the ledger was looked at: what lies before has its step there
 * @param consumed what the group of each line had committed before that
 * @param ends where each partition ends
 */
record Cut(
        Map<TopicPartition, Long> published,
        Map<ModelKind, Map<TopicPartition, Long>> consumed,
        Map<TopicPartition, Long> ends) {
    /** Longer than the broker lets a transaction of a killed role stay open. */
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final long LOOK_AGAIN_MS = 5;

    static Cut of(TopicAdmin admin, Topics topics) {
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
        return new Cut(published, consumed, ends);
    }

    /** Where topics end; returns when no transaction is open before. */
    private static Map<TopicPartition, Long> settledEnds(TopicAdmin admin, List<? extends Topic<?>> topics) {
        Map<TopicPartition, Long> ends = admin.ends(IsolationLevel.READ_UNCOMMITTED, topics);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (isOpenBefore(ends, admin.ends(IsolationLevel.READ_COMMITTED, topics))) {
            if (System.nanoTime() > deadline) {
                throw new LogException(ends.keySet() + ": a transaction has been open for more than "
                        + PATIENCE.toSeconds() + " s; its role has to commit it, or to be started again");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MS);
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }
        return ends;
    }

    private static boolean isOpenBefore(Map<TopicPartition, Long> ends, Map<TopicPartition, Long> stable) {
        return ends.entrySet().stream().anyMatch(end -> stable.getOrDefault(end.getKey(), 0L) < end.getValue());
    }

    /** Where a topic of versions ended before the ledger was looked at. */
    long published(Topic<?> versions) {
        return published.getOrDefault(new TopicPartition(versions.name(), 0), 0L);
    }
}
