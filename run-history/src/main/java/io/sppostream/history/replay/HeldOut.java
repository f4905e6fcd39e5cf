package io.sppostream.history.replay;

import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.replay.ReplayReport.Accuracy;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogScan;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.model.PolicyModel;
import io.sppostream.run.evaluate.Evaluation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.IsolationLevel;
import org.jspecify.annotations.Nullable;

/** Held-out accuracy of policy versions on the log, judged alike whosever they are. */
record HeldOut(KafkaSettings kafka, EventSerdes serdes, Evaluation evaluation, PolicyModel model) {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Of the first and the last version of a replay, and of the last of what it replays, should that have trained any. */
    @Nullable
    Accuracy compare(Topics into, Topics source) {
        List<WeightsManifest> made = versions(into);
        if (made.isEmpty()) {
            // There was nothing to train on.
            return null;
        }
        List<WeightsManifest> recorded = versions(source);
        return new Accuracy(
                accuracy(into, made.get(0)),
                accuracy(into, made.get(made.size() - 1)),
                recorded.isEmpty() ? null : accuracy(source, recorded.get(recorded.size() - 1)));
    }

    private List<WeightsManifest> versions(Topics topics) {
        List<WeightsManifest> versions = new ArrayList<>();
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            Topic<WeightsManifest> topic = topics.versions(ModelKind.POLICY);
            new LogScan(kafka, serdes)
                    .read(
                            topic,
                            admin.ends(IsolationLevel.READ_COMMITTED, List.of(topic)),
                            version -> versions.add(version.event()));
        }
        return versions;
    }

    private @Nullable Double accuracy(Topics topics, WeightsManifest version) {
        try (WeightsFollower weights =
                new WeightsFollower(new RunLog(kafka, serdes, topics), ModelKind.POLICY, version.getVersion())) {
            weights.poll(PATIENCE);
            weights.fetch(version, model::readWeights);
            return evaluation.evaluate(model, () -> false).accuracy();
        }
    }
}
