package io.sppostream.sppo.audit;

import io.sppostream.learn.Critic;
import io.sppostream.learn.PolicyLearner;
import io.sppostream.log.Topic;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * A consistent cut through the log of a run that may be going on: where each topic is taken to end.
 *
 * <p>Effects are cut before their causes. The ends are asked for against the flow: what the learners had consumed and
 * published, the ledger, weights, what expired, training samples, rollouts, prompts. Each record within the cut of its
 * topic has its causes within the cuts of theirs, as these were on the log before it. So what is missing downstream of a
 * record is pending, and what is missing upstream of one is a fault, however fast the run goes on meanwhile.
 *
 * <p>Records of one transaction become visible partition by partition, so that "committed" is no moment shared by
 * topics. Where a record must find others of its own transaction, the end is therefore that of all records, open
 * transactions included, and reading waits for these to end.
 *
 * @param published where the versions topics ended before the ledger was looked at: what lies before has its step there
 * @param consumed what the group of each line had committed before that
 * @param ends where each partition ends
 */
record Cut(
        Map<TopicPartition, Long> published,
        Map<WeightLine, Map<TopicPartition, Long>> consumed,
        Map<TopicPartition, Long> ends) {

    static Cut of(TopicAdmin admin, Topics topics) {
        Map<WeightLine, Map<TopicPartition, Long>> consumed = new EnumMap<>(WeightLine.class);
        consumed.put(WeightLine.POLICY, admin.committed(topics.application(PolicyLearner.ROLE)));
        consumed.put(WeightLine.CRITIC, admin.committed(topics.application(Critic.ROLE)));
        Map<TopicPartition, Long> published = admin.ends(
                IsolationLevel.READ_COMMITTED,
                List.of(topics.versions(WeightLine.POLICY), topics.versions(WeightLine.CRITIC)));

        Map<TopicPartition, Long> ends = new HashMap<>();
        for (var together : List.of(
                List.of(topics.trainingSteps()),
                List.of(
                        topics.versions(WeightLine.POLICY),
                        topics.weights(WeightLine.POLICY),
                        topics.versions(WeightLine.CRITIC),
                        topics.weights(WeightLine.CRITIC)),
                List.of(topics.expired()),
                List.of(topics.advantages()),
                List.of(topics.rollouts()),
                List.of(topics.prompts(), topics.runs()))) {
            ends.putAll(admin.ends(IsolationLevel.READ_UNCOMMITTED, together));
        }
        return new Cut(published, consumed, ends);
    }

    /** Where a topic of versions ended before the ledger was looked at. */
    long published(Topic<?> versions) {
        return published.getOrDefault(new TopicPartition(versions.name(), 0), 0L);
    }
}
