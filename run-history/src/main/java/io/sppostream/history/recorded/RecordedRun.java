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

/** A run on the log, finished or in progress, and the cluster it is on. */
public final class RecordedRun implements AutoCloseable {
    private static final Duration POLL_TIMEOUT = Duration.ofSeconds(10);

    private final Cluster cluster;
    private final RunLog log;

    private RecordedRun(Cluster cluster, RunLog log) {
        this.cluster = cluster;
        this.log = log;
    }

    /**
     * Finds a run.
     *
     * @param configuration has the run's name and locates the cluster
     * @throws io.sppostream.log.LogException if there is no such run
     */
    public static RecordedRun open(Configuration configuration) {
        Cluster cluster = Cluster.ofRecordedRuns(configuration);
        try (TopicAdmin admin = new TopicAdmin(cluster.kafka())) {
            Topics topics = admin.find(configuration.settings().run());
            return new RecordedRun(cluster, new RunLog(cluster.kafka(), new EventSerdes(cluster.kafka()), topics));
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** The log of the run; its topics have the number of partitions that the cluster has. */
    public RunLog log() {
        return log;
    }

    /**
     * The configuration of the last training step, or the one the run began with if it has not trained. Settings that
     * affect training are the same for all starts of a run; the paths of this start are those by which a learner found
     * its models.
     *
     * @throws UserException if the log has no configuration
     */
    public Run lastTrained() {
        List<Run> starts = RunRecord.all(log);
        if (starts.isEmpty()) {
            throw new UserException("run '" + log.topics().namespace() + "' has no configuration on "
                    + log.topics().runs().name());
        }
        String lastStep = lastStepsConfiguration();
        return starts.stream()
                .filter(start -> start.getConfigurationSha256().equals(lastStep))
                .findFirst()
                .orElse(starts.get(0));
    }

    private String lastStepsConfiguration() {
        Topic<TrainingStep> ledger = log.topics().trainingSteps();
        try (EventReader reader = log.reader(List.of(ledger))) {
            List<EventRecord<?>> last = reader.last(ledger, 0, reader.end(ledger, 0), steps -> !steps.isEmpty());
            return last.isEmpty()
                    ? ""
                    : ((TrainingStep) last.get(last.size() - 1).event()).getConfigurationSha256();
        }
    }

    /**
     * Reads the start weights of a policy or critic into a model if their manifest fits; otherwise leaves the model
     * unchanged. A replay that has not trained the model takes them from the run whose versions its samples name.
     */
    public void readStart(ModelKind kind, Predicate<WeightsManifest> fits, WeightsFollower.Sink model) {
        Lineage lineage = Lineage.of(log);
        Topics origin = lineage.trains(kind) ? log.topics() : lineage.named().get(kind);
        if (origin == null) {
            return;
        }
        try (WeightsFollower weights = new WeightsFollower(new RunLog(log.kafka(), log.serdes(), origin), kind)) {
            for (WeightsManifest version : weights.poll(POLL_TIMEOUT)) {
                if (version.getVersion() == 0 && fits.test(version)) {
                    weights.fetch(version, model);
                }
            }
        }
    }

    @Override
    public void close() {
        log.serdes().close();
        cluster.close();
    }
}
