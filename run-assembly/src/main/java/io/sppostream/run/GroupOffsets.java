package io.sppostream.run;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogCursor;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * The offsets of a role's consumer group say how far the role has come. A cluster deletes them when the group has been
 * idle for the broker's {@code offsets.retention.minutes}, seven days by default. The role would then begin with the
 * first record and do all of its work again.
 */
final class GroupOffsets {
    private GroupOffsets() {}

    /**
     * Makes sure that a role resumes where it was.
     *
     * @param group the role's consumer group
     * @param input a topic that the role reads
     * @param output a topic that the role writes, in the transactions that commit its offsets
     * @throws UserException if the offsets are gone
     */
    static void require(KafkaSettings kafka, EventSerdes serdes, String group, Topic<?> input, Topic<?> output) {
        if (!isKnown(kafka, group, input) && hasEvents(kafka, serdes, output)) {
            throw forgotten(group, input, output);
        }
    }

    /**
     * Makes sure that a role that judges resumes where it was. Verifiers share a topic, and one that is new to a run begins
     * with the first rollout, so verdicts are looked for by the name that signs them. This reads all verdicts only if the
     * verifier is new to a run that has some.
     *
     * @param group the role's consumer group
     * @param verifiers names of its verifiers
     * @throws UserException if the offsets are gone
     */
    static void requireOfVerifier(RunLog runLog, String group, Set<String> verifiers) {
        Topic<Rollout> input = runLog.topics().rollouts();
        Topic<Verdict> output = runLog.topics().verdicts();
        if (!verifiers.isEmpty() && !isKnown(runLog.kafka(), group, input) && hasVerdictOf(runLog, output, verifiers)) {
            throw forgotten(group, input, output);
        }
    }

    private static boolean hasVerdictOf(RunLog runLog, Topic<Verdict> verdicts, Set<String> verifiers) {
        Map<TopicPartition, Long> ends;
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            ends = admin.ends(IsolationLevel.READ_COMMITTED, List.of(verdicts));
        }
        try (LogCursor<Verdict> cursor =
                runLog.without(Set.of("Verdict.settings")).scan().from(verdicts, Map.of(), ends)) {
            while (cursor.hasNext()) {
                if (verifiers.contains(cursor.next().event().getVerifier())) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isKnown(KafkaSettings kafka, String group, Topic<?> input) {
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            return admin.committed(group).keySet().stream()
                    .anyMatch(partition -> partition.topic().equals(input.name()));
        }
    }

    private static UserException forgotten(String group, Topic<?> input, Topic<?> output) {
        return new UserException("the cluster has forgotten how far " + group + " has read " + input.name()
                + ", and the role would repeat all work that is on " + output.name()
                + ": docs/log.md, 'A cluster of your own', says how to set the offsets");
    }

    private static boolean hasEvents(KafkaSettings kafka, EventSerdes serdes, Topic<?> topic) {
        try (EventReader log = new EventReader(kafka, serdes, List.of(topic))) {
            for (int partition = 0; partition < topic.partitions(); partition++) {
                long end = log.end(topic, partition);
                if (!log.last(topic, partition, end, events -> !events.isEmpty())
                        .isEmpty()) {
                    return true;
                }
            }
            return false;
        }
    }
}
