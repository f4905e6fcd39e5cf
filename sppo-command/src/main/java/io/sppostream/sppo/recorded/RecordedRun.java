package io.sppostream.sppo.recorded;

import io.sppostream.events.Run;
import io.sppostream.events.WeightsManifest;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogScan;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.log.WeightsFollower;
import io.sppostream.sppo.UserException;
import io.sppostream.sppo.config.Configuration;
import io.sppostream.sppo.train.Cluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.kafka.common.IsolationLevel;

/** A run that is on the log, finished or going on, for commands that look at it: its cluster and its topics. */
public final class RecordedRun implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Cluster cluster;
    private final EventSerdes serdes;
    private final Topics topics;

    private RecordedRun(Cluster cluster, EventSerdes serdes, Topics topics) {
        this.cluster = cluster;
        this.serdes = serdes;
        this.topics = topics;
    }

    /**
     * Finds a run.
     *
     * @param configuration says where the cluster is, and the run's name
     * @throws io.sppostream.log.LogException where there is no such run
     */
    public static RecordedRun open(Configuration configuration) {
        Cluster cluster = Cluster.ofRecordedRuns(configuration);
        try (TopicAdmin admin = new TopicAdmin(cluster.kafka())) {
            Topics topics = admin.find(configuration.settings().run());
            return new RecordedRun(cluster, new EventSerdes(cluster.kafka()), topics);
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    public KafkaSettings kafka() {
        return cluster.kafka();
    }

    public EventSerdes serdes() {
        return serdes;
    }

    /** Its topics, with the partitions they have. */
    public Topics topics() {
        return topics;
    }

    /**
     * What it was started with.
     *
     * @throws UserException where that is not on the log
     */
    public Run begun() {
        List<Run> runs = new ArrayList<>();
        try (TopicAdmin admin = new TopicAdmin(kafka())) {
            new LogScan(kafka(), serdes)
                    .read(
                            topics.runs(),
                            admin.ends(IsolationLevel.READ_COMMITTED, List.of(topics.runs())),
                            run -> runs.add(run.event()));
        }
        if (runs.isEmpty()) {
            throw new UserException("run '" + topics.namespace() + "' has no configuration on "
                    + topics.runs().name());
        }
        return runs.get(0);
    }

    /** Reads the start weights of a line into a model, where their manifest fits it; leaves it as it is elsewhere. */
    public void readStart(WeightLine line, Predicate<WeightsManifest> fits, WeightsFollower.Sink model) {
        try (WeightsFollower weights = new WeightsFollower(kafka(), serdes, topics, line)) {
            for (WeightsManifest version : weights.poll(PATIENCE)) {
                if (version.getVersion() == 0 && fits.test(version)) {
                    weights.fetch(version, model);
                }
            }
        }
    }

    @Override
    public void close() {
        serdes.close();
        cluster.close();
    }
}
