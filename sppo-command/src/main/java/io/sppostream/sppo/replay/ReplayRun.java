package io.sppostream.sppo.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.LearnerState;
import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.learn.CriticUpdate;
import io.sppostream.learn.PolicyLearner;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.ExactlyOnceLog;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import io.sppostream.log.LogScan;
import io.sppostream.log.Received;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.log.WeightsFollower;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.Tokenizer;
import io.sppostream.sppo.UserException;
import io.sppostream.sppo.config.Datasets;
import io.sppostream.sppo.config.Rewarding;
import io.sppostream.sppo.config.Settings;
import io.sppostream.sppo.recorded.RecordedRun;
import io.sppostream.sppo.recorded.RecordedSamples;
import io.sppostream.sppo.recorded.RecordedSteps;
import io.sppostream.sppo.replay.ReplayReport.Accuracy;
import io.sppostream.sppo.replay.ReplayReport.Difference;
import io.sppostream.sppo.replay.ReplayReport.OffPolicy;
import io.sppostream.sppo.replay.ReplayReport.Weights;
import io.sppostream.sppo.train.DirectRewards;
import io.sppostream.sppo.train.Evaluation;
import io.sppostream.sppo.train.Models;
import io.sppostream.sppo.train.RunRecord;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** A replay from beginning to end: the new namespace, what is written to it, the policy trained on it, the comparison. */
public final class ReplayRun {
    private static final Duration RESCORING = Duration.ofMinutes(10);

    private final Plan plan;
    private final RecordedRun sourceRun;
    private final Settings settings;
    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics source;
    private final Topics into;
    private final LogScan log;
    private final Map<TopicPartition, Long> starts = new HashMap<>();
    private final Map<TopicPartition, Long> ends = new HashMap<>();
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
        this.log = new LogScan(kafka, serdes);
    }

    /**
     * Replays, writes the report and prints it.
     *
     * @throws UserException where there is a namespace of that name already
     */
    public void run(PrintStream out) throws InterruptedException {
        find();
        RunRecord.begin(plan.configuration(), kafka, serdes, clock);
        Checkpoint checkpoint = Models.policy(settings);
        DirectRewards rewards = DirectRewards.of(settings, Rewarding.verifiers(settings));
        try (rewards;
                Tokenizer tokenizer = checkpoint.tokenizer();
                PolicyModel policy = PolicyModel.load(checkpoint, settings.model())) {
            PolicyLearner learner = plan.train() ? learner(policy) : null;
            Outcome outcome;
            try {
                outcome = replay(rewards, checkpoint);
            } finally {
                if (learner != null) {
                    learner.close();
                }
            }
            Accuracy accuracy = plan.train() ? accuracy(tokenizer, rewards, policy, out) : null;
            report(outcome, accuracy, out);
        }
    }

    /**
     * What came of it.
     *
     * @param steps of the policy
     * @param recorded the steps that the source's policy made
     * @param seconds from the first sample read to the last step committed
     */
    private record Outcome(Written written, List<TrainingStep> steps, RecordedSteps recorded, double seconds) {}

    private Outcome replay(DirectRewards rewards, Checkpoint checkpoint) throws InterruptedException {
        Judge judge = new Judge(plan.judgeAgain() ? rewards : null, plan.scoreAgain(), clock);
        long start = System.nanoTime();
        try (RecordedSteps recorded = steps(WeightLine.POLICY);
                RecordedSteps recordedCritic = steps(WeightLine.CRITIC)) {
            Written written = plan.scoreAgain()
                    ? writeScored(recorded, recordedCritic, judge, checkpoint)
                    : write(recorded, judge, sample -> requireNonNull(sample.getValue()));
            List<TrainingStep> steps = plan.train() ? follow(written.samples() / settings.batchSize()) : List.of();
            return new Outcome(written, steps, recorded, (System.nanoTime() - start) / 1e9);
        }
    }

    private void report(Outcome outcome, @Nullable Accuracy accuracy, PrintStream out) {
        Comparison comparison = outcome.written().comparison();
        Weights policy = Weights.of(
                outcome.steps().stream().map(TrainingStep::getToSha256).toList(),
                outcome.recorded().hashes());
        ReplayReport report = new ReplayReport(
                plan.from(),
                into.namespace(),
                outcome.written().samples(),
                comparison.verdicts(),
                comparison.flips().size(),
                Difference.of(comparison.values()),
                Difference.of(comparison.advantages()),
                outcome.written().critic(),
                plan.train() ? policy : null,
                offPolicy(outcome.steps()),
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

    /** Where what is replayed begins and ends. */
    private void find() {
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            starts.putAll(plan.range().starts(admin, source.advantages()));
            ends.putAll(admin.ends(
                    IsolationLevel.READ_COMMITTED, List.of(source.trainingSteps(), source.values(), source.prompts())));
            ends.putAll(plan.range().ends(admin, source.advantages()));
        }
    }

    private RecordedSteps steps(WeightLine line) {
        return new RecordedSteps(log.from(source.trainingSteps(), Map.of(), ends), line);
    }

    private RecordedSamples samples() {
        return new RecordedSamples(
                log.from(source.advantages(), starts, ends), source.advantages().name(), starts, ends);
    }

    /** What was written, and the critic that was trained along, if one was. */
    private record Written(
            long samples, Comparison comparison, @Nullable Weights critic) {}

    private Written write(RecordedSteps steps, Judge judge, Function<TrainingSample, Value> values) {
        try (RecordedSamples samples = samples();
                ExactlyOnceLog out = writer()) {
            Replay replay = new Replay(steps, samples, judge, values, into, clock);
            replay.run(out);
            return new Written(replay.written(), replay.comparison(), null);
        }
    }

    private Written writeScored(RecordedSteps steps, RecordedSteps criticSteps, Judge judge, Checkpoint policy) {
        try (RecordedSamples samples = samples();
                RecordedSamples criticSamples = samples();
                ValuesByVersion values = new ValuesByVersion(log, source.values(), ends);
                LogCursor<Prompt> prompts = log.from(source.prompts(), Map.of(), ends);
                CriticModel model = startCritic(policy);
                Tokenizer tokenizer = Models.criticTokens(settings, policy).tokenizer();
                CriticTrainer trainer = new CriticTrainer(model, settings.criticOptimizer(), settings.training());
                ExactlyOnceLog out = writer()) {
            Rescoring critic = new Rescoring(
                    new Rescoring.Recorded(criticSteps, criticSamples, values, prompts),
                    model,
                    new CriticUpdate(trainer, settings.criticUpdate()),
                    tokenizer,
                    judge,
                    settings.seed(),
                    settings.batchSize(),
                    value -> out.send(into.values(), value.getRequestId(), value),
                    clock);
            Replay replay = new Replay(
                    steps,
                    samples,
                    judge,
                    sample -> critic.value(sample.getRollout().getRequestId()),
                    into,
                    clock);
            replay.run(out);
            critic.finish();
            return new Written(
                    replay.written(), replay.comparison(), Weights.of(critic.hashes(), criticSteps.hashes()));
        }
    }

    /** A value is worked out while the transaction of its step is open. */
    private ExactlyOnceLog writer() {
        String role = into.application(Replay.ROLE);
        return ExactlyOnceLog.sole(kafka, serdes, role, List.of(), RESCORING);
    }

    /** The critic's start weights are those recorded, unless it is to have another shape. */
    private CriticModel startCritic(Checkpoint policy) {
        CriticModel model = Models.critic(settings, policy);
        sourceRun.readStart(
                WeightLine.CRITIC, version -> version.getConfig().equals(model.configJson()), model::readWeights);
        return model;
    }

    private PolicyLearner learner(PolicyModel policy) {
        sourceRun.readStart(
                WeightLine.POLICY, version -> version.getConfig().equals(policy.configJson()), policy::readWeights);
        PolicyLearner.Settings learner =
                settings.policyLearner(plan.configuration().sha256()).unguarded();
        return new PolicyLearner(kafka, serdes, into, policy, learner, clock, failure::complete);
    }

    /** Waits for the policy's steps. */
    private List<TrainingStep> follow(long count) throws InterruptedException {
        List<TrainingStep> steps = new ArrayList<>();
        try (EventReader news = new EventReader(kafka, serdes, List.of(into.trainingSteps(), into.learnerStates()))) {
            while (steps.size() < count) {
                if (failure.isDone()) {
                    throw failure.join() instanceof RuntimeException cause
                            ? cause
                            : new LogException("the policy learner stopped", failure.join());
                }
                for (Received<?> received : news.poll(Duration.ofMillis(200))) {
                    if (received.event() instanceof LearnerState pause) {
                        throw new UserException("the learner paused after step " + pause.getStep() + " of the replay: "
                                + pause.getReason());
                    }
                    steps.add((TrainingStep) received.event());
                }
            }
        }
        return steps;
    }

    private static @Nullable OffPolicy offPolicy(List<TrainingStep> steps) {
        List<Map<String, Double>> metrics = steps.stream()
                .map(TrainingStep::getMetrics)
                .filter(each -> each.containsKey("effective_sample_size"))
                .toList();
        if (metrics.isEmpty()) {
            return null;
        }
        return new OffPolicy(
                metrics.stream()
                        .mapToDouble(each -> each.get("ratio_mean"))
                        .average()
                        .orElse(0),
                metrics.stream()
                        .mapToDouble(each -> each.get("ratio_max"))
                        .max()
                        .orElse(0),
                metrics.stream()
                        .mapToDouble(each -> each.get("effective_sample_size"))
                        .average()
                        .orElse(0),
                metrics.stream()
                        .mapToDouble(each -> each.get("effective_sample_size"))
                        .min()
                        .orElse(0));
    }

    /** Evaluates the first and the last version here, and the last of the source; null where there is no dataset. */
    private @Nullable Accuracy accuracy(
            Tokenizer tokenizer, DirectRewards rewards, PolicyModel model, PrintStream out) {
        Evaluation evaluation;
        try {
            evaluation = new Evaluation(
                    Datasets.open(settings), settings.getInt("eval.prompts"), tokenizer, settings.sampling(), rewards);
        } catch (UserException e) {
            out.println("no accuracy: " + e.getMessage());
            return null;
        }
        double before = accuracy(evaluation, model, into, false);
        double after = accuracy(evaluation, model, into, true);
        return new Accuracy(before, after, accuracy(evaluation, model, source, true));
    }

    private double accuracy(Evaluation evaluation, PolicyModel model, Topics topics, boolean last) {
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
