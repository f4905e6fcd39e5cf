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
 * Keeps a model's weights topic short. When a snapshot is committed, the records before the previous snapshot are
 * deleted, so that the last two snapshots stay, with all versions since. Recovery needs the last one. The previous one is
 * for readers that are fetching a version; readers further behind find their version gone and continue with the newest.
 * Not thread-safe.
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

    /** Must be called when a snapshot has been committed; returns at once. */
    public void committed(WeightsManifest snapshot) {
        WeightsManifest before = last;
        last = snapshot;
        if (before.getVersion() > 0) {
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(before.getFirstChunkOffset())))
                    .all()
                    .whenComplete((done, failure) -> {
                        if (failure != null) {
                            // Harmless: the deletion after the next snapshot includes this one.
                            LOG.warn("old records of {} were not deleted: {}", partition, LogException.reason(failure));
                        }
                    });
        }
    }

    /** Waits briefly for a deletion in progress: that of a snapshot that a role writes when it stops. */
    @Override
    public void close() {
        admin.close(Duration.ofSeconds(1));
    }
}
