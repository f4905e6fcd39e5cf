package io.sppostream.history.audit;

import io.sppostream.events.Recovery;
import io.sppostream.events.Run;
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
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.Tokenizer;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.models.Models;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * Repeats the steps of the ledger from the start weights on the log, with the samples that the ledger names, in its order
 * and with the recorded configuration. Compares the hash of the weights after each step. On the CPU, training is a
 * deterministic function of these inputs, bit for bit. A different hash means that the inputs or the program changed. After
 * a step whose learner had restored weights from the log, because it computed others, the optimizer's state is not a
 * function of the log any more: later steps are compared, and a difference is reported, but is not a failure. The same
 * holds from the first step on that was trained with another device, precision or micro-batch size than the first.
 */
public final class Retraining {
    private final RecordedRun recorded;
    private final RunLog log;
    private final Topics topics;
    private final RunSettings settings;

    /** Hashes of the configurations that round otherwise than the first. */
    private final Set<String> roundingOtherwise;

    private final int lastVersion;
    private final Map<TopicPartition, Long> ends;

    /** @param lastVersion the last version to train */
    public Retraining(RecordedRun recorded, int lastVersion) {
        this.recorded = recorded;
        this.log = recorded.log();
        this.topics = log.topics();
        Run last = recorded.lastTrained();
        List<Run> starts = RunRecord.all(log);
        Configuration first = Configuration.recorded(starts.get(0).getConfiguration(), Map.of(), Map.of());
        this.settings = Configuration.recorded(last.getConfiguration(), first.numericSettings(), Map.of())
                .settings();
        this.roundingOtherwise = starts.stream()
                .filter(start ->
                        !first.numericDifferences(start.getConfiguration()).isEmpty())
                .map(Run::getConfigurationSha256)
                .collect(Collectors.toSet());
        this.lastVersion = lastVersion;
        try (TopicAdmin admin = new TopicAdmin(log.kafka())) {
            ends = admin.ends(IsolationLevel.READ_COMMITTED, List.of(topics.trainingSteps()));
        }
    }

    /** Trains each model that the run has trained. */
    public List<AuditReport.Result> run() {
        Checkpoint checkpoint = Models.policy(settings);
        Lineage lineage = Lineage.of(log);
        return Stream.of(ModelKind.values())
                .filter(lineage::trains)
                .map(kind -> kind == ModelKind.POLICY ? policy(checkpoint) : critic(checkpoint))
                .map(Check::result)
                .toList();
    }

    private Check policy(Checkpoint checkpoint) {
        try (PolicyModel model = PolicyModel.load(checkpoint, settings.policyPlacement())) {
            // Before the policy's training begins: the start weights may be the reference of a KL penalty.
            recorded.readStart(ModelKind.POLICY, version -> true, model::readWeights);
            try (TrainablePolicy policy = new TrainablePolicy(
                    model,
                    settings.policyUpdate(),
                    settings.policyOptimizer(),
                    settings.training(model.config()),
                    settings.publishedPrecision())) {
                return retrain(policy);
            }
        }
    }

    private Check critic(Checkpoint checkpoint) {
        try (CriticModel model = Models.critic(settings, checkpoint);
                Tokenizer tokenizer = Models.criticTokens(settings, checkpoint).tokenizer();
                TrainableCritic critic = new TrainableCritic(
                        model,
                        tokenizer,
                        settings.criticUpdate(),
                        settings.criticOptimizer(),
                        settings.training(model.config()))) {
            recorded.readStart(ModelKind.CRITIC, version -> true, model::readWeights);
            return retrain(critic);
        }
    }

    /** @param model has the start weights */
    private Check retrain(TrainableModel model) {
        ModelKind kind = model.kind();
        Check check = new Check("retrain", "each step makes the recorded weights");
        int trained = 0;
        int restored = 0;
        int rounded = 0;
        String difference = "";
        try (RecordedSteps steps = new RecordedSteps(log.scan().from(topics.trainingSteps(), Map.of(), ends), kind);
                LedgerReplay replay = new LedgerReplay(
                        log, model, settings.estimator().recipe().replay(), null)) {
            while (steps.hasNext()) {
                TrainingStep step = steps.next();
                if (step.getToVersion() > lastVersion) {
                    break;
                }
                if (restored == 0 && step.getRecovered() == Recovery.RESTORED) {
                    restored = step.getStep();
                }
                if (rounded == 0 && roundingOtherwise.contains(step.getConfigurationSha256())) {
                    rounded = step.getStep();
                }
                String sha256 = replay.rerun(step);
                trained++;
                if (restored > 0 && !sha256.equals(step.getToSha256())) {
                    difference = "; step " + step.getStep() + " makes other weights, as is possible from step "
                            + restored + " on, before which the learner restored weights from the log";
                    break;
                }
                if (rounded > 0 && !sha256.equals(step.getToSha256())) {
                    difference = "; step " + step.getStep() + " makes other weights, as is possible from step "
                            + rounded + " on, which was trained with another device, precision or micro-batch size";
                    break;
                }
                if (!sha256.equals(step.getToSha256())) {
                    // All later steps differ too.
                    check.add(new Finding(
                            step.getStep(),
                            topics.trainingSteps().name(),
                            kind.id() + " step " + step.getStep() + " makes weights " + VersionAudit.brief(sha256)
                                    + ", the recorded ones are " + VersionAudit.brief(step.getToSha256())));
                    break;
                }
            }
        }
        check.summarize("%s %d steps trained again from the start weights%s", kind.id(), trained, difference);
        return check;
    }
}
