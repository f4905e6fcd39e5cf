package io.sppostream.history.audit;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.history.recorded.RecordedSteps;
import io.sppostream.learn.LedgerReplay;
import io.sppostream.learn.TrainableCritic;
import io.sppostream.learn.TrainableModel;
import io.sppostream.learn.TrainablePolicy;
import io.sppostream.log.LogScan;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.Tokenizer;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.models.Models;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
    private final RunSettings settings;
    private final int lastVersion;
    private final Map<TopicPartition, Long> ends;

    /** @param lastVersion where to stop */
    public Retraining(RecordedRun recorded, int lastVersion) {
        this.recorded = recorded;
        this.topics = recorded.topics();
        this.settings = Configuration.recorded(recorded.lastTrained().getConfiguration(), Map.of(), Map.of())
                .settings();
        this.lastVersion = lastVersion;
        try (TopicAdmin admin = new TopicAdmin(recorded.kafka())) {
            ends = admin.ends(IsolationLevel.READ_COMMITTED, List.of(topics.trainingSteps()));
        }
    }

    /** Trains the lines that the run has trained. */
    public List<AuditReport.Result> run() {
        Checkpoint checkpoint = Models.policy(settings);
        Lineage lineage = Lineage.of(new RunLog(recorded.kafka(), recorded.serdes(), topics));
        return Stream.of(ModelKind.values())
                .filter(lineage::trains)
                .map(kind -> kind == ModelKind.POLICY ? policy(checkpoint) : critic(checkpoint))
                .map(Check::result)
                .toList();
    }

    private Check policy(Checkpoint checkpoint) {
        try (PolicyModel model = PolicyModel.load(checkpoint, settings.model());
                TrainablePolicy kind = new TrainablePolicy(
                        model, settings.policyUpdate(), settings.policyOptimizer(), settings.training())) {
            return retrain(kind);
        }
    }

    private Check critic(Checkpoint checkpoint) {
        try (CriticModel model = Models.critic(settings, checkpoint);
                Tokenizer tokenizer = Models.criticTokens(settings, checkpoint).tokenizer();
                TrainableCritic kind = new TrainableCritic(
                        model, tokenizer, settings.criticUpdate(), settings.criticOptimizer(), settings.training())) {
            return retrain(kind);
        }
    }

    private Check retrain(TrainableModel model) {
        ModelKind kind = model.kind();
        Check check = new Check("retrain", "each step makes the recorded weights");
        recorded.readStart(kind, version -> true, model::readWeights);
        LogScan log = new LogScan(recorded.kafka(), recorded.serdes());
        int trained = 0;
        try (RecordedSteps steps = new RecordedSteps(log.from(topics.trainingSteps(), Map.of(), ends), kind);
                LedgerReplay replay =
                        new LedgerReplay(new RunLog(recorded.kafka(), recorded.serdes(), topics), model, null)) {
            while (steps.hasNext()) {
                TrainingStep step = steps.next();
                if (step.getToVersion() > lastVersion) {
                    break;
                }
                String sha256 = replay.rerun(step);
                trained++;
                if (!sha256.equals(step.getToSha256())) {
                    // All later ones differ too.
                    check.differs(new Difference(
                            step.getStep(),
                            topics.trainingSteps().name(),
                            kind.id() + " step " + step.getStep() + " makes weights " + Versions.brief(sha256)
                                    + ", recorded are " + Versions.brief(step.getToSha256())));
                    break;
                }
            }
        }
        check.sumUp("%s %d steps trained again from the start weights", kind.id(), trained);
        return check;
    }
}
