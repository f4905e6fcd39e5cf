package io.sppostream.history.replay;

import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
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

/** Compares the held-out accuracy of policy versions on the log, with the same judge. */
record HeldOutComparison(Evaluation evaluation, PolicyModel model) {
    private static final Duration POLL_TIMEOUT = Duration.ofSeconds(10);

    /** Evaluates the first and the last version of a replay, and the last of its source; null if there are no versions. */
    @Nullable
    AccuracyComparison compare(RunLog into, RunLog source) {
        List<WeightsManifest> made = versions(into);
        if (made.isEmpty()) {
            return null;
        }
        List<WeightsManifest> recorded = versions(source);
        return new AccuracyComparison(
                accuracy(into, made.get(0)),
                accuracy(into, made.get(made.size() - 1)),
                recorded.isEmpty() ? null : accuracy(source, recorded.get(recorded.size() - 1)));
    }

    private List<WeightsManifest> versions(RunLog log) {
        List<WeightsManifest> versions = new ArrayList<>();
        try (TopicAdmin admin = new TopicAdmin(log.kafka())) {
            Topic<WeightsManifest> topic = log.topics().versions(ModelKind.POLICY);
            log.scan()
                    .read(
                            topic,
                            admin.ends(IsolationLevel.READ_COMMITTED, List.of(topic)),
                            version -> versions.add(version.event()));
        }
        return versions;
    }

    private @Nullable Double accuracy(RunLog log, WeightsManifest version) {
        try (WeightsFollower weights = new WeightsFollower(log, ModelKind.POLICY, version.getVersion())) {
            weights.poll(POLL_TIMEOUT);
            weights.fetch(version, model::readWeights);
            return evaluation.evaluate(model, () -> false).accuracy();
        }
    }
}
