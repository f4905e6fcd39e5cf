package io.sppostream.sppo.replay;

import io.sppostream.events.WeightsManifest;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.log.WeightsFollower;
import io.sppostream.model.PolicyModel;
import io.sppostream.sppo.replay.ReplayReport.Accuracy;
import io.sppostream.sppo.train.Evaluation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Held-out accuracy of policy versions on the log, judged alike whosever they are. */
record HeldOut(KafkaSettings kafka, EventSerdes serdes, Evaluation evaluation, PolicyModel model) {

    /** Of the first and the last version of a replay, and of the last of what it replays. */
    Accuracy compare(Topics into, Topics source) {
        return new Accuracy(accuracy(into, false), accuracy(into, true), accuracy(source, true));
    }

    private double accuracy(Topics topics, boolean last) {
        try (WeightsFollower weights = new WeightsFollower(kafka, serdes, topics, WeightLine.POLICY)) {
            List<WeightsManifest> versions = new ArrayList<>();
            List<WeightsManifest> some = weights.poll(Duration.ofSeconds(10));
            while (!some.isEmpty()) {
                versions.addAll(some);
                some = weights.poll(Duration.ofMillis(500));
            }
            weights.fetch(versions.get(last ? versions.size() - 1 : 0), model::readWeights);
            return evaluation.accuracy(model);
        }
    }
}
