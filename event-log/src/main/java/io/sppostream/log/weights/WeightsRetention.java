package io.sppostream.log.weights;

import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes versions of a model that nobody needs any more. Recovery needs the last snapshot. The snapshot before it, and
 * the versions since, are for readers that are fetching one; readers further behind find their version gone and continue
 * with the newest. Not thread-safe.
 *
 * <p>On the weights topic, the records before the last snapshot but one are deleted when a snapshot is committed. In a
 * folder, the last two snapshots stay, as do the last few versions, and the start weights: those of the topic have a topic
 * of their own.
 */
public final class WeightsRetention implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WeightsRetention.class);
    private static final int SNAPSHOTS = 2;

    private final Admin admin;
    private final TopicPartition partition;
    private final @Nullable WeightsFolder folder;
    private final int keep;

    /** The versions that are kept, oldest first. */
    private final List<WeightsManifest> kept = new ArrayList<>();

    /**
     * Deletes from the folder what the versions committed so far make superfluous, and what no manifest names.
     *
     * @param published the start weights, and the last versions: as far back as they are kept, or further
     * @param folder null if the model is stored on the topic; closed by the caller
     * @param keep newest versions that stay in the folder
     */
    public WeightsRetention(
            KafkaSettings kafka,
            Topics topics,
            ModelKind kind,
            List<WeightsManifest> published,
            @Nullable WeightsFolder folder,
            int keep) {
        this.admin = kafka.clients().admin(kafka.admin());
        this.partition = new TopicPartition(topics.weights(kind).name(), 0);
        this.folder = folder;
        this.keep = keep;
        kept.addAll(published);
        deleteFolders();
    }

    /**
     * The versions that retention has to know when a learner starts.
     *
     * @return the start weights, and the last versions, oldest first; empty if there is none
     */
    public static List<WeightsManifest> published(RunLog runLog, ModelKind kind, int keep) {
        Topic<WeightsManifest> versions = runLog.topics().versions(kind);
        try (EventReader first = runLog.reader(List.of(versions));
                EventReader last = runLog.reader(List.of(versions))) {
            long end = last.end(versions, 0);
            List<WeightsManifest> start = end == 0
                    ? List.of()
                    : manifests(first.poll(Duration.ofSeconds(30))).stream()
                            .limit(1)
                            .toList();
            List<WeightsManifest> newest = manifests(last.last(
                    versions,
                    0,
                    end,
                    events -> events.size() > keep
                            && manifests(events).stream()
                                            .filter(Manifests::isSnapshot)
                                            .count()
                                    >= SNAPSHOTS));
            return Stream.concat(start.stream(), newest.stream()).distinct().toList();
        }
    }

    private static List<WeightsManifest> manifests(List<EventRecord<?>> events) {
        return events.stream().map(event -> (WeightsManifest) event.event()).toList();
    }

    /** Must be called when a version has been committed; returns at once. */
    public void committed(WeightsManifest version) {
        WeightsManifest before = lastSnapshot();
        kept.add(version);
        if (Manifests.isSnapshot(version)
                && before != null
                && before.getVersion() > 0
                && before.getFirstChunkOffset() >= 0) {
            deleteRecords(before.getFirstChunkOffset());
        }
        deleteFolders();
    }

    private @Nullable WeightsManifest lastSnapshot() {
        return kept.stream().filter(Manifests::isSnapshot).reduce((a, b) -> b).orElse(null);
    }

    private void deleteRecords(long before) {
        admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(before)))
                .all()
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        // Harmless: the deletion after the next snapshot includes this one.
                        LOG.warn("old records of {} were not deleted: {}", partition, LogException.reason(failure));
                    }
                });
    }

    private void deleteFolders() {
        List<WeightsManifest> snapshots =
                kept.stream().filter(Manifests::isSnapshot).toList();
        Set<WeightsManifest> needed = new LinkedHashSet<>();
        kept.stream().filter(each -> each.getVersion() == 0).forEach(needed::add);
        needed.addAll(snapshots.subList(Math.max(0, snapshots.size() - SNAPSHOTS), snapshots.size()));
        needed.addAll(kept.subList(Math.max(0, kept.size() - keep), kept.size()));
        kept.retainAll(needed);
        if (folder != null) {
            folder.retain(kept.stream()
                    .map(WeightsManifest::getUri)
                    .filter(Objects::nonNull)
                    .toList());
        }
    }

    /** Waits briefly for a deletion in progress: that of a snapshot that a role writes when it stops. */
    @Override
    public void close() {
        admin.close(Duration.ofSeconds(1));
    }
}
