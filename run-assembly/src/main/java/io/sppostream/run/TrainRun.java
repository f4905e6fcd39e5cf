package io.sppostream.run;

import io.sppostream.events.Expired;
import io.sppostream.events.LearnerState;
import io.sppostream.events.Rollout;
import io.sppostream.events.Run;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.model.PolicyModel;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.evaluate.Evaluation;
import io.sppostream.run.evaluate.Evaluator;
import io.sppostream.run.report.Figure;
import io.sppostream.run.report.LearningCurve;
import io.sppostream.run.report.ProgressLine;
import io.sppostream.run.report.Summary;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * The main job: all roles in this process, from the start policy to the last step, over the embedded broker or a
 * cluster. Nothing but the log connects the roles; this class starts them, watches the ledger and sums up.
 */
public final class TrainRun {
    private static final Duration EVALUATION_PATIENCE = Duration.ofMinutes(10);
    private static final double HALF = 0.5;
    private static final int RECENT_VERSIONS = 100;
    private static final Instant PROCESS_START =
            Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());

    private final Configuration configuration;
    private final RunSettings settings;
    private final PrintStream out;
    private final boolean terminal;
    private final BooleanSupplier stopRequested;
    private final Clock clock = Clock.systemUTC();
    private final Failure failure = new Failure();
    private final CpuTimes cpuTimes = new CpuTimes();

    /**
     * Prepares a run.
     *
     * @param out takes progress and summary
     * @param terminal whether it is a terminal, on which the progress line is rewritten in place
     * @param stopRequested looked at now and then; where true, the run ends early with what it has
     */
    public TrainRun(Configuration configuration, PrintStream out, boolean terminal, BooleanSupplier stopRequested) {
        this.configuration = configuration;
        this.settings = configuration.settings();
        this.out = out;
        this.terminal = terminal;
        this.stopRequested = stopRequested;
    }

    /** Trains until the steps are done, and writes and prints the summary; goes on with a run that was interrupted. */
    public void run() throws InterruptedException {
        // The broker takes its time to start: models are loaded meanwhile.
        try (LocalRoles local = LocalRoles.open(settings, EnumSet.allOf(Role.class));
                Cluster cluster = Cluster.start(configuration, died -> {
                    local.abandon();
                    failure.report(died);
                });
                PolicyModel evaluated = PolicyModel.load(local.checkpoint(), settings.model())) {
            local.load();
            run(local, evaluated, cluster.kafka());
        }
    }

    private void run(LocalRoles local, PolicyModel evaluated, KafkaSettings kafka) throws InterruptedException {
        try (EventSerdes serdes = new EventSerdes(kafka)) {
            RunLog runLog = new RunLog(kafka, serdes, settings.topics());
            List<Run> starts = RunRecord.start(configuration, runLog, clock);
            Progress progress = Progress.of(runLog);
            if (progress.isFinished(settings.steps()) && Files.exists(Summary.file(settings.runDirectory()))) {
                out.println("run '" + settings.run() + "' has trained its " + settings.steps() + " steps: "
                        + Summary.file(settings.runDirectory())
                        + " has what it came to (more --steps go on with it, another --run begins a new one)");
                return;
            }
            Evaluation evaluation = new Evaluation(
                    local.dataset(),
                    settings.evaluationPrompts(),
                    local.tokenizer(),
                    settings.sampling(),
                    local.directRewards());
            if (progress.steps() > 0) {
                out.println("going on after step " + progress.steps());
            }
            Roles roles = new Roles(configuration, runLog, clock, failure::report);
            try {
                local.start(roles);
                Instant startedAt = progress.firstRelease().orElseGet(clock::instant);
                LearningCurve curve = new LearningCurve(
                        startedAt,
                        starts.stream().skip(1).map(Run::getStartedAt).toList());
                follow(runLog, evaluation, evaluated, curve, progress);
            } finally {
                local.stop();
            }
        }
    }

    /** Evaluates and watches the roles at work; sums up. */
    private void follow(
            RunLog runLog, Evaluation evaluation, PolicyModel evaluated, LearningCurve curve, Progress before)
            throws InterruptedException {
        try (Evaluator evaluator = new Evaluator(
                runLog,
                evaluation,
                evaluated,
                settings.evaluationInterval(),
                settings.steps(),
                curve,
                before.evaluated(),
                clock,
                failure::report)) {
            long expired = watch(runLog, curve, evaluator, before.steps());
            Summary summary = summary(curve, expired, firstRollout(runLog), weightBytes(runLog));
            report(summary, curve);
        }
    }

    /** Follows the ledger until the last step is committed and evaluated; returns how many samples expired. */
    private long watch(RunLog runLog, LearningCurve curve, Evaluator evaluator, int stepsBefore)
            throws InterruptedException {
        long expired = 0;
        try (EventReader log = runLog.following(List.of(
                        runLog.topics().trainingSteps(),
                        runLog.topics().expired(),
                        runLog.topics().learnerStates()));
                ProgressLine progress = new ProgressLine(out, terminal, settings.steps())) {
            while (curve.stepsDone() < settings.steps() && !stopRequested.getAsBoolean()) {
                failure.rethrow();
                for (EventRecord<?> received : log.poll(Duration.ofMillis(250))) {
                    if (received.event() instanceof TrainingStep step) {
                        curve.add(step);
                    } else if (received.event() instanceof Expired) {
                        expired++;
                    } else if (received.event() instanceof LearnerState state) {
                        progress.say(Pauses.line(state, settings));
                    }
                }
                cpuTimes.sample();
                if (curve.stepsDone() >= stepsBefore) { // The ledger is read from its begin.
                    progress.show(curve, curve.seconds(clock.instant()));
                }
            }
            if (!stopRequested.getAsBoolean()) {
                evaluator.awaitLast(EVALUATION_PATIENCE);
                failure.rethrow();
            }
            cpuTimes.sample();
            progress.showLast(curve, curve.seconds());
        }
        return expired;
    }

    /** When the first rollout since this process began was sampled; null where there is none. */
    private @Nullable Instant firstRollout(RunLog runLog) {
        try (EventReader log = runLog.reader(List.of(runLog.topics().rollouts()))) {
            log.seek(runLog.topics().rollouts(), PROCESS_START);
            return log.poll(Duration.ofSeconds(5)).stream()
                    .map(received -> ((Rollout) received.event()).getSampledAt())
                    .min(Comparator.naturalOrder())
                    .orElse(null);
        }
    }

    /** Bytes of a policy version on the log, by encoding: the mean over the last versions. */
    private static Map<WeightsEncoding, Double> weightBytes(RunLog runLog) {
        Topic<WeightsManifest> topic = runLog.topics().versions(ModelKind.POLICY);
        try (EventReader log = runLog.reader(List.of(topic))) {
            return log.last(topic, 0, log.end(topic, 0), versions -> versions.size() >= RECENT_VERSIONS).stream()
                    .map(received -> (WeightsManifest) received.event())
                    .collect(Collectors.groupingBy(
                            WeightsManifest::getEncoding, Collectors.averagingLong(WeightsManifest::getBytes)));
        }
    }

    private Summary summary(
            LearningCurve curve,
            long expired,
            @Nullable Instant firstRollout,
            Map<WeightsEncoding, Double> weightBytes) {
        List<TrainingStep> policy = curve.policy();
        List<TrainingStep> critic = curve.critic();
        List<LearningCurve.Accuracy> accuracies = curve.accuracies();
        double seconds = curve.seconds();
        long rollouts = policy.isEmpty() ? 0 : policy.get(policy.size() - 1).getSamplesTrained();
        double tokens = metric(policy, "response_tokens").sum();
        Map<String, Double> stepSeconds = new LinkedHashMap<>();
        for (String part : Summary.STEP_PARTS) {
            stepSeconds.put(part, ProgressLine.mean(policy, "seconds_" + part));
        }
        return new Summary(
                settings.run(),
                configuration.effective(),
                configuration.sha256(),
                curve.stepsDone(),
                rollouts,
                expired,
                seconds,
                accuracies.isEmpty() ? 0 : accuracies.get(0).accuracy(),
                accuracies.isEmpty() ? 0 : accuracies.get(accuracies.size() - 1).accuracy(),
                rollouts / seconds,
                tokens / seconds,
                ProgressLine.mean(policy, "policy_lag_mean"),
                (int) metric(policy, "policy_lag_max").max().orElse(0),
                metric(policy, "effective_sample_size").min().orElse(1),
                metric(policy, "ratio_max").max().orElse(1),
                ProgressLine.mean(policy, "clip_fraction"),
                policy.isEmpty() ? "" : policy.get(policy.size() - 1).getToSha256(),
                critic.isEmpty() ? "" : critic.get(critic.size() - 1).getToSha256(),
                ProgressLine.mean(critic.subList(critic.size() * 4 / 5, critic.size()), "explained_variance"),
                firstRollout == null
                        ? 0
                        : Duration.between(PROCESS_START, firstRollout).toMillis() / 1e3,
                curve.secondsTo(HALF).isPresent() ? curve.secondsTo(HALF).getAsDouble() : null,
                weightBytes.getOrDefault(WeightsEncoding.FULL, 0.0),
                weightBytes.get(WeightsEncoding.DELTA),
                ProgressLine.mean(policy, "seconds_to_live"),
                stepSeconds,
                cpuTimes.seconds());
    }

    private static DoubleStream metric(List<TrainingStep> steps, String name) {
        return steps.stream().mapToDouble(step -> step.getMetrics().get(name));
    }

    private void report(Summary summary, LearningCurve curve) {
        try {
            summary.write(settings.runDirectory());
            Figure.write(settings.runDirectory(), settings.run(), curve);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        summary.print(out);
        out.println("summary and figure  " + settings.runDirectory().resolve("summary.json") + ", "
                + settings.runDirectory().resolve(Figure.FILE));
    }
}
