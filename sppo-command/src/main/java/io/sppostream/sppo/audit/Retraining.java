package io.sppostream.sppo.audit;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.learn.CriticSample;
import io.sppostream.learn.CriticUpdate;
import io.sppostream.learn.PolicySample;
import io.sppostream.learn.PolicyUpdate;
import io.sppostream.learn.PromptTokens;
import io.sppostream.log.LogScan;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.log.WeightsFollower;
import io.sppostream.log.WeightsPublisher;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.Tokenizer;
import io.sppostream.sppo.config.Configuration;
import io.sppostream.sppo.config.Settings;
import io.sppostream.sppo.recorded.RecordedRun;
import io.sppostream.sppo.recorded.RecordedSamples;
import io.sppostream.sppo.recorded.RecordedSteps;
import io.sppostream.sppo.recorded.Weights;
import io.sppostream.sppo.train.Models;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * Trains the steps of the ledger again, from the start weights on the log, on the samples the ledger names in its order,
 * under the configuration that is recorded, and compares the hash of the weights after each. On the CPU training is a
 * function of these, bit for bit: a difference means that something of them, or the program, is not what it was.
 */
public final class Retraining {
    private final RecordedRun recorded;
    private final Topics topics;
    private final Settings settings;
    private final int lastVersion;
    private final Map<TopicPartition, Long> ends;

    /** @param lastVersion where to stop */
    public Retraining(RecordedRun recorded, int lastVersion) {
        this.recorded = recorded;
        this.topics = recorded.topics();
        this.settings = Configuration.recorded(recorded.begun().getConfiguration(), Map.of(), Map.of())
                .settings();
        this.lastVersion = lastVersion;
        try (TopicAdmin admin = new TopicAdmin(recorded.kafka())) {
            // The ledger first: the samples of its steps are on their topic then.
            ends = admin.ends(IsolationLevel.READ_COMMITTED, List.of(topics.trainingSteps()));
            ends.putAll(admin.ends(IsolationLevel.READ_COMMITTED, List.of(topics.advantages())));
        }
    }

    /** Trains both lines. */
    public List<AuditReport.Result> run() {
        Checkpoint checkpoint = Models.policy(settings);
        return List.of(policy(checkpoint).result(), critic(checkpoint).result());
    }

    private Check policy(Checkpoint checkpoint) {
        try (PolicyModel model = PolicyModel.load(checkpoint, settings.model());
                PolicyTrainer trainer = new PolicyTrainer(model, settings.policyOptimizer(), settings.training())) {
            PolicyUpdate update = new PolicyUpdate(trainer, settings.policyUpdate());
            return retrain(
                    WeightLine.POLICY,
                    model::readWeights,
                    model::writeWeights,
                    (step, order) -> update.apply(
                            step,
                            order.stream()
                                    .map(sample -> PolicySample.of(sample.getRollout(), sample.getSegments()))
                                    .toList()));
        }
    }

    private Check critic(Checkpoint checkpoint) {
        try (CriticModel model = Models.critic(settings, checkpoint);
                Tokenizer tokenizer = Models.criticTokens(settings, checkpoint).tokenizer();
                CriticTrainer trainer = new CriticTrainer(model, settings.criticOptimizer(), settings.training())) {
            CriticUpdate update = new CriticUpdate(trainer, settings.criticUpdate());
            return retrain(
                    WeightLine.CRITIC,
                    model::readWeights,
                    model::writeWeights,
                    (step, order) -> update.apply(
                            step,
                            order.stream()
                                    .map(sample -> criticSample(sample, tokenizer))
                                    .toList()));
        }
    }

    private static CriticSample criticSample(TrainingSample sample, Tokenizer tokenizer) {
        return new CriticSample(
                sample.getRollout().getRolloutId(),
                PromptTokens.of(tokenizer, sample.getRollout().getMessages()),
                sample.getReward(),
                requireNonNull(sample.getValue()).getProbability());
    }

    private Check retrain(
            WeightLine line,
            WeightsFollower.Sink start,
            WeightsPublisher.Source weights,
            BiConsumer<Integer, List<TrainingSample>> training) {
        Check check = new Check("retrain", "each step makes the recorded weights");
        readStart(line, start);
        LogScan log = new LogScan(recorded.kafka(), recorded.serdes());
        int trained = 0;
        try (RecordedSteps steps = new RecordedSteps(log.from(topics.trainingSteps(), Map.of(), ends), line);
                RecordedSamples samples = new RecordedSamples(
                        log.from(topics.advantages(), Map.of(), ends),
                        topics.advantages().name(),
                        Map.of(),
                        ends)) {
            while (steps.hasNext()) {
                TrainingStep step = steps.next();
                if (step.getToVersion() > lastVersion) {
                    break;
                }
                training.accept(
                        step.getStep(),
                        step.getSamples().stream().map(samples::take).toList());
                trained++;
                String sha256 = Weights.sha256(weights);
                if (!sha256.equals(step.getToSha256())) {
                    // All later ones differ too.
                    check.differs(new Difference(
                            step.getStep(),
                            topics.trainingSteps().name(),
                            line.id() + " step " + step.getStep() + " makes weights " + Versions.brief(sha256)
                                    + ", recorded are " + Versions.brief(step.getToSha256())));
                    break;
                }
            }
        }
        check.sumUp("%s %d steps trained again from the start weights", line.id(), trained);
        return check;
    }

    private void readStart(WeightLine line, WeightsFollower.Sink model) {
        try (WeightsFollower follower = new WeightsFollower(recorded.kafka(), recorded.serdes(), topics, line)) {
            for (WeightsManifest version : follower.poll(Duration.ofSeconds(10))) {
                if (version.getVersion() == 0) {
                    follower.fetch(version, model);
                }
            }
        }
    }
}
