package io.sppostream.history.replay;

import io.sppostream.advantage.RewardRules;
import io.sppostream.events.LearnerState;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.history.recorded.RecordedPrompts;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.history.recorded.RecordedSamples;
import io.sppostream.history.recorded.RecordedSteps;
import io.sppostream.learn.PolicyLearner;
import io.sppostream.learn.PolicyLearnerSettings;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.UserException;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.Tokenizer;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.evaluate.Evaluation;
import io.sppostream.run.evaluate.OfflineRewards;
import io.sppostream.run.models.Models;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A replay from start to end: it begins the new namespace, writes its records, trains a policy, and reports. */
public final class ReplayRun {
    /** Verdicts and values are computed while the transaction of their step is open. */
    private static final Duration TRANSACTION_TIMEOUT = Duration.ofMinutes(10);

    private final ReplayPlan plan;
    private final RecordedRun sourceRun;
    private final RunSettings settings;
    private final RunLog source;
    private final RunLog into;
    private final Clock clock = Clock.systemUTC();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

    /** Prepares a replay of a recorded run. */
    public ReplayRun(ReplayPlan plan, RecordedRun sourceRun) {
        this.plan = plan;
        this.sourceRun = sourceRun;
        this.settings = plan.configuration().settings();
        this.source = sourceRun.log();
        this.into = new RunLog(source.kafka(), source.serdes(), settings.topics());
    }

    /**
     * Replays, writes the report and prints it.
     *
     * @throws UserException if the new namespace already exists, or there is nothing to replay
     */
    public void run(PrintStream out) throws InterruptedException {
        ReplayInputs.require(plan, sourceRun);
        ReplaySource recorded = ReplaySource.of(sourceRun, plan.range(), plan.judgeAgain());
        RunRecord.begin(plan.configuration(), plan.replayOf(), into, clock);
        Checkpoint checkpoint = Models.policy(settings);
        OfflineRewards rewards = OfflineRewards.of(settings, RewardFactory.verifiers(settings));
        try (rewards;
                Tokenizer tokenizer = checkpoint.tokenizer();
                PolicyModel policy = PolicyModel.load(checkpoint, settings.policyPlacement())) {
            ReplayResult result = replay(recorded, rewards, checkpoint, policy);
            report(result, plan.train() ? accuracy(tokenizer, rewards, policy, out) : null, out);
        }
    }

    /**
     * The result of a replay.
     *
     * @param critic the critic's weights; null if the recorded values were used
     * @param steps of the replay's policy
     * @param recorded steps of the source's policy
     * @param seconds from the first record read to the last record written
     */
    private record ReplayResult(
            Replay replay,
            @Nullable WeightsComparison critic,
            List<TrainingStep> steps,
            RecordedSteps recorded,
            double seconds) {}

    private ReplayResult replay(
            ReplaySource recorded, OfflineRewards rewards, Checkpoint checkpoint, PolicyModel policy)
            throws InterruptedException {
        ReplayJudge judge = new ReplayJudge(plan.judgeAgain() ? rewards : null, plan.scoreAgain(), clock);
        RewardRules rules = ReplayInputs.recorded(sourceRun).join().rewards();
        long start = System.nanoTime();
        try (RecordedSteps ledger = recorded.steps(ModelKind.POLICY);
                RecordedSamples samples = recorded.samples();
                UntrainedRollouts untrained = plan.judgeAgain()
                        ? recorded.untrained(plan.hasGroups(), rules)
                        : UntrainedRollouts.none(recorded, rules);
                GroupRemainders remainders = plan.hasGroups() ? recorded.remainders(plan.judgeAgain(), rules) : null;
                RecordedPrompts prompts = recorded.prompts();
                ExactlyOnceLog out = ExactlyOnceLog.sole(into, RoleName.REPLAY, List.of(), TRANSACTION_TIMEOUT);
                ReplayCritic critic = plan.scoreAgain() ? critic(recorded, judge, checkpoint, out) : null) {
            Replay replay = new Replay(
                    new Replay.Inputs(ledger, samples, untrained, remainders, recorded.isOpen()),
                    judge,
                    critic == null ? null : critic.rescoring(),
                    new ReplayWriter(out, into.topics(), prompts, clock),
                    new ReplayCredits(settings.join(), clock),
                    clock);
            List<TrainingStep> steps = train(replay, policy);
            WeightsComparison weights = critic == null ? null : critic.finish(replay, recorded);
            return new ReplayResult(replay, weights, steps, ledger, (System.nanoTime() - start) / 1e9);
        }
    }

    /** Writes the samples while the policy learner trains on them. */
    private List<TrainingStep> train(Replay replay, PolicyModel policy) throws InterruptedException {
        if (!plan.train()) {
            replay.run();
            return List.of();
        }
        PolicyLearner learner = learner(policy);
        try {
            replay.run();
            return follow(replay.units() / settings.groupsPerStep());
        } finally {
            learner.close();
        }
    }

    private ReplayCritic critic(ReplaySource recorded, ReplayJudge judge, Checkpoint policy, ExactlyOnceLog out) {
        return ReplayCritic.start(
                recorded,
                plan,
                sourceRun,
                Models.critic(settings, policy),
                Models.criticTokens(settings, policy).tokenizer(),
                judge,
                out,
                clock);
    }

    private void report(ReplayResult result, @Nullable AccuracyComparison accuracy, PrintStream out) {
        ReplayComparison comparison = result.replay().comparison();
        WeightsComparison policy = WeightsComparison.of(
                result.steps().stream().map(TrainingStep::getToSha256).toList(),
                result.recorded().hashes());
        ReplayReport report = new ReplayReport(
                plan.from(),
                into.topics().namespace(),
                result.replay().written(),
                comparison.verdicts(),
                comparison.flips().size(),
                comparison.untrained(),
                comparison.untrainedRewarded(),
                comparison.values(),
                comparison.advantages(),
                result.critic(),
                plan.train() ? policy : null,
                OffPolicyStatistics.of(result.steps()),
                accuracy,
                result.seconds(),
                result.recorded().seconds());
        try {
            report.write(settings.runDirectory(), comparison.flips());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ReplayReportPrinter.print(report, comparison.flips(), out);
        out.println("report        " + settings.runDirectory().resolve("replay.json"));
    }

    private PolicyLearner learner(PolicyModel policy) {
        sourceRun.readStart(
                ModelKind.POLICY, version -> version.getConfig().equals(policy.configJson()), policy::readWeights);
        PolicyLearnerSettings learner = settings.policyLearner(
                        policy.config(), plan.configuration().sha256())
                .unguarded();
        return new PolicyLearner(into, policy, learner, clock, failure::complete);
    }

    /** Waits for the policy's steps. */
    private List<TrainingStep> follow(long count) throws InterruptedException {
        List<TrainingStep> steps = new ArrayList<>();
        try (EventReader log = into.following(
                List.of(into.topics().trainingSteps(), into.topics().learnerStates()))) {
            while (steps.size() < count) {
                if (failure.isDone()) {
                    throw failure.join() instanceof RuntimeException cause
                            ? cause
                            : new LogException("the policy learner stopped", failure.join());
                }
                for (EventRecord<?> record : log.poll(Duration.ofMillis(200))) {
                    if (record.event() instanceof LearnerState pause) {
                        throw new UserException("the learner paused after step " + pause.getStep() + " of the replay: "
                                + pause.getReason());
                    }
                    TrainingStep step = (TrainingStep) record.event();
                    if (step.getLine().equals(ModelKind.POLICY.id())) {
                        steps.add(step);
                    }
                }
            }
        }
        return steps;
    }

    /** Null if there is no dataset to evaluate on. */
    private @Nullable AccuracyComparison accuracy(
            Tokenizer tokenizer, OfflineRewards rewards, PolicyModel model, PrintStream out) {
        try {
            Evaluation evaluation = new Evaluation(
                    Datasets.open(settings),
                    settings.evaluationPrompts(),
                    tokenizer,
                    settings.evaluationSampling(),
                    rewards);
            return new HeldOutComparison(evaluation, model).compare(into, source);
        } catch (UserException e) {
            out.println("no held-out accuracy: " + e.getMessage());
            return null;
        }
    }
}
