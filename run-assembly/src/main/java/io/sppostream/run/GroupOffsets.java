package io.sppostream.run;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import java.util.List;

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
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            boolean known = admin.committed(group).keySet().stream()
                    .anyMatch(partition -> partition.topic().equals(input.name()));
            if (known) {
                return;
            }
        }
        if (hasEvents(kafka, serdes, output)) {
            throw new UserException("the cluster has forgotten how far " + group + " has read " + input.name()
                    + ", and the role would repeat all work that is on " + output.name()
                    + ": docs/log.md, 'A cluster of your own', says how to set the offsets");
        }
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
