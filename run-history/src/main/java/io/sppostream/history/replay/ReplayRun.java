package io.sppostream.history.replay;

import io.sppostream.events.LearnerState;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.RecordedPrompts;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.history.recorded.RecordedSamples;
import io.sppostream.history.recorded.RecordedSteps;
import io.sppostream.history.replay.ReplayReport.Accuracy;
import io.sppostream.history.replay.ReplayReport.Difference;
import io.sppostream.history.replay.ReplayReport.OffPolicy;
import io.sppostream.history.replay.ReplayReport.Weights;
import io.sppostream.learn.PolicyLearner;
import io.sppostream.learn.PolicyLearnerSettings;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
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

/** A replay from beginning to end: the new namespace, what is written to it, the policy trained on it, the comparison. */
public final class ReplayRun {
    /** Verdicts and values are worked out while the transaction of their step is open. */
    private static final Duration WORKING = Duration.ofMinutes(10);

    private final Plan plan;
    private final RecordedRun sourceRun;
    private final RunSettings settings;
    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics source;
    private final Topics into;
    private final Clock clock = Clock.systemUTC();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

    /** Prepares a replay of a recorded run. */
    public ReplayRun(Plan plan, RecordedRun sourceRun) {
        this.plan = plan;
        this.sourceRun = sourceRun;
        this.settings = plan.configuration().settings();
        this.kafka = sourceRun.kafka();
        this.serdes = sourceRun.serdes();
        this.source = sourceRun.topics();
        this.into = settings.topics();
    }

    /**
     * Replays, writes the report and prints it.
     *
     * @throws UserException where there is a namespace of that name already, or nothing to replay
     */
    public void run(PrintStream out) throws InterruptedException {
        Recording recording = Recording.of(sourceRun, plan.range(), plan.judgeAgain());
        RunRecord.begin(plan.configuration(), plan.replayOf(), new RunLog(kafka, serdes, into), clock);
        Checkpoint checkpoint = Models.policy(settings);
        OfflineRewards rewards = OfflineRewards.of(settings, RewardFactory.verifiers(settings));
        try (rewards;
                Tokenizer tokenizer = checkpoint.tokenizer();
                PolicyModel policy = PolicyModel.load(checkpoint, settings.model())) {
            Outcome outcome = replay(recording, rewards, checkpoint, policy);
            report(outcome, plan.train() ? accuracy(tokenizer, rewards, policy, out) : null, out);
        }
    }

    /**
     * What came of it.
     *
     * @param critic what became of its weights; null where values were those recorded
     * @param steps of the policy
     * @param recorded the steps that the source's policy made
     * @param seconds from the first record read to the last written
     */
    private record Outcome(
            Replay replay,
            @Nullable Weights critic,
            List<TrainingStep> steps,
            RecordedSteps recorded,
            double seconds) {}

    private Outcome replay(Recording recording, OfflineRewards rewards, Checkpoint checkpoint, PolicyModel policy)
            throws InterruptedException {
        ReplayJudge judge = new ReplayJudge(plan.judgeAgain() ? rewards : null, plan.scoreAgain(), clock);
        long start = System.nanoTime();
        try (RecordedSteps ledger = recording.steps(ModelKind.POLICY);
                RecordedSamples samples = recording.samples();
                Untrained untrained =
                        plan.judgeAgain() ? recording.untrained() : Untrained.none(recording.log(), source);
                RecordedPrompts prompts = recording.prompts();
                ExactlyOnceLog out =
                        ExactlyOnceLog.sole(new RunLog(kafka, serdes, into), RoleName.REPLAY, List.of(), WORKING);
                ReplayCritic critic = plan.scoreAgain() ? critic(recording, judge, checkpoint, out) : null) {
            Replay replay = new Replay(
                    new Replay.Source(ledger, samples, untrained, prompts, recording.isOpen()),
                    judge,
                    critic == null ? null : critic.rescoring(),
                    out,
                    into,
                    clock);
            List<TrainingStep> steps = train(replay, policy);
            Weights weights = critic == null ? null : critic.finish(replay, recording);
            return new Outcome(replay, weights, steps, ledger, (System.nanoTime() - start) / 1e9);
        }
    }

    /** Writes the samples, and has the policy's learner train on them meanwhile. */
    private List<TrainingStep> train(Replay replay, PolicyModel policy) throws InterruptedException {
        if (!plan.train()) {
            replay.run();
            return List.of();
        }
        PolicyLearner learner = learner(policy);
        try {
            replay.run();
            return follow(replay.written() / settings.batchSize());
        } finally {
            learner.close();
        }
    }

    private ReplayCritic critic(Recording recording, ReplayJudge judge, Checkpoint policy, ExactlyOnceLog out) {
        return ReplayCritic.start(
                recording,
                plan,
                sourceRun,
                Models.critic(settings, policy),
                Models.criticTokens(settings, policy).tokenizer(),
                judge,
                out,
                clock);
    }

    private void report(Outcome outcome, @Nullable Accuracy accuracy, PrintStream out) {
        ReplayComparison comparison = outcome.replay().comparison();
        Weights policy = Weights.of(
                outcome.steps().stream().map(TrainingStep::getToSha256).toList(),
                outcome.recorded().hashes());
        ReplayReport report = new ReplayReport(
                plan.from(),
                into.namespace(),
                outcome.replay().written(),
                comparison.verdicts(),
                comparison.flips().size(),
                comparison.untrained(),
                comparison.untrainedRewarded(),
                Difference.of(comparison.values()),
                Difference.of(comparison.advantages()),
                outcome.critic(),
                plan.train() ? policy : null,
                OffPolicy.of(outcome.steps()),
                accuracy,
                outcome.seconds(),
                outcome.recorded().seconds());
        try {
            report.write(settings.runDirectory(), comparison.flips());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        report.print(out, comparison.flips());
        out.println("report        " + settings.runDirectory().resolve("replay.json"));
    }

    private PolicyLearner learner(PolicyModel policy) {
        sourceRun.readStart(
                ModelKind.POLICY, version -> version.getConfig().equals(policy.configJson()), policy::readWeights);
        PolicyLearnerSettings learner =
                settings.policyLearner(plan.configuration().sha256()).unguarded();
        return new PolicyLearner(new RunLog(kafka, serdes, into), policy, learner, clock, failure::complete);
    }

    /** Waits for the policy's steps. */
    private List<TrainingStep> follow(long count) throws InterruptedException {
        List<TrainingStep> steps = new ArrayList<>();
        try (EventReader news =
                EventReader.following(kafka, serdes, List.of(into.trainingSteps(), into.learnerStates()))) {
            while (steps.size() < count) {
                if (failure.isDone()) {
                    throw failure.join() instanceof RuntimeException cause
                            ? cause
                            : new LogException("the policy learner stopped", failure.join());
                }
                for (EventRecord<?> received : news.poll(Duration.ofMillis(200))) {
                    if (received.event() instanceof LearnerState pause) {
                        throw new UserException("the learner paused after step " + pause.getStep() + " of the replay: "
                                + pause.getReason());
                    }
                    TrainingStep step = (TrainingStep) received.event();
                    if (step.getLine().equals(ModelKind.POLICY.id())) {
                        steps.add(step);
                    }
                }
            }
        }
        return steps;
    }

    /** Null where there is no dataset to evaluate on. */
    private @Nullable Accuracy accuracy(
            Tokenizer tokenizer, OfflineRewards rewards, PolicyModel model, PrintStream out) {
        try {
            Evaluation evaluation = new Evaluation(
                    Datasets.open(settings), settings.evaluationPrompts(), tokenizer, settings.sampling(), rewards);
            return new HeldOut(kafka, serdes, evaluation, model).compare(into, source);
        } catch (UserException e) {
            out.println("no accuracy: " + e.getMessage());
            return null;
        }
    }
}
