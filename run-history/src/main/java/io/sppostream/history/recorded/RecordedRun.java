package io.sppostream.history.recorded;

import io.sppostream.events.Run;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.run.Cluster;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

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
     * What the last training step was made under, or, before the first, what it was begun with. The starts of a run do not
     * differ in what has a bearing on training; the paths of this one are those by which a learner found its models.
     *
     * @throws UserException where that is not on the log
     */
    public Run lastTrained() {
        List<Run> starts = RunRecord.all(new RunLog(kafka(), serdes, topics));
        if (starts.isEmpty()) {
            throw new UserException("run '" + topics.namespace() + "' has no configuration on "
                    + topics.runs().name());
        }
        String lastStep = lastStepsConfiguration();
        return starts.stream()
                .filter(start -> start.getConfigurationSha256().equals(lastStep))
                .findFirst()
                .orElse(starts.get(0));
    }

    private String lastStepsConfiguration() {
        Topic<TrainingStep> ledger = topics.trainingSteps();
        try (EventReader log = new EventReader(kafka(), serdes, List.of(ledger))) {
            List<EventRecord<?>> last = log.last(ledger, 0, log.end(ledger, 0), steps -> !steps.isEmpty());
            return last.isEmpty()
                    ? ""
                    : ((TrainingStep) last.get(last.size() - 1).event()).getConfigurationSha256();
        }
    }

    /**
     * Reads the start weights of a line into a model, where their manifest fits it; leaves it as it is elsewhere. A
     * replay that has not trained the line has them from the run whose versions its samples name.
     */
    public void readStart(ModelKind kind, Predicate<WeightsManifest> fits, WeightsFollower.Sink model) {
        Lineage lineage = Lineage.of(new RunLog(kafka(), serdes, topics));
        Topics origin = lineage.trains(kind) ? topics : lineage.named().get(kind);
        if (origin == null) {
            return;
        }
        try (WeightsFollower weights = new WeightsFollower(new RunLog(kafka(), serdes, origin), kind)) {
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
