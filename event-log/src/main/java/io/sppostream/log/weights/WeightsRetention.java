package io.sppostream.log.weights;

import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a line's weights topic short. When a snapshot is committed, what lies before the one before it is deleted: the
 * last two stay, with all versions since. Recovery needs the last; the one before is for readers who are about to fetch
 * a version, and one who has fallen further behind finds its version gone and goes on with the newest. For one thread.
 */
public final class WeightsRetention implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WeightsRetention.class);

    private final Admin admin;
    private final TopicPartition partition;
    private WeightsManifest last;

    /** @param last the last snapshot committed so far */
    public WeightsRetention(KafkaSettings kafka, Topics topics, ModelKind kind, WeightsManifest last) {
        this.admin = kafka.clients().admin(kafka.admin());
        this.partition = new TopicPartition(topics.weights(kind).name(), 0);
        this.last = last;
    }

    /** To be called when a snapshot has been committed; returns at once. */
    public void committed(WeightsManifest snapshot) {
        WeightsManifest before = last;
        last = snapshot;
        if (before.getVersion() > 0) {
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(before.getFirstChunkOffset())))
                    .all()
                    .whenComplete((done, failure) -> {
                        if (failure != null) {
                            // The next snapshot's deletion includes this one's.
                            LOG.warn("{} is not shortened: {}", partition, LogException.reason(failure));
                        }
                    });
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
