package io.sppostream.run;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.Rollout;
import io.sppostream.events.Run;
import io.sppostream.events.TrainingStep;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.observe.Observability;
import io.sppostream.rollout.PolicyVersions;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.evaluate.Evaluation;
import io.sppostream.run.evaluate.Evaluator;
import io.sppostream.run.report.Figure;
import io.sppostream.run.report.LearningCurve;
import io.sppostream.run.report.ProgressLine;
import io.sppostream.run.report.Screen;
import io.sppostream.run.report.Summary;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * A training run: all roles in this process, from the start policy to the last step, over the embedded broker or a
 * cluster. Only the log connects the roles. This class starts them, follows the ledger, stops them and reports.
 */
public final class TrainRun {
    private static final Duration EVALUATION_TIMEOUT = Duration.ofMinutes(10);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

    /** What the report does not use of the records that it follows. */
    private static final Set<String> UNUSED = Set.of("TrainingStep.samples", "TrainingStep.consumed", "Expired.detail");

    /** What the count of rollouts does not use of them. */
    private static final Set<String> UNUSED_OF_ROLLOUTS = Set.of(
            "Rollout.messages",
            "Rollout.promptTokens",
            "Rollout.responseTokens",
            "Rollout.text",
            "Rollout.behaviourLogProbs",
            "Rollout.policySegments");

    /** Why a rollout expires that was never sampled, or for the second time. */
    private static final Set<ExpiryReason> NOT_SAMPLED =
            EnumSet.of(ExpiryReason.DUPLICATE, ExpiryReason.INVALID_PROMPT, ExpiryReason.NO_ROLLOUT_IN_TIME);

    private final Configuration configuration;
    private final RunSettings settings;
    private final Budget budget;
    private final PrintStream out;
    private final Screen screen;
    private final BooleanSupplier stopRequested;
    private final Clock clock = Clock.systemUTC();
    private final Failure failure = new Failure();
    private final CpuTimes cpuTimes = new CpuTimes();

    /**
     * Prepares a run.
     *
     * @param budget ends the run before its last step when it is spent; a run that is resumed has spent what it had before
     * @param out takes the summary
     * @param screen shows the progress; prints to {@code out} too
     * @param stopRequested polled several times a second; the run ends early once it is true
     */
    public TrainRun(
            Configuration configuration, Budget budget, PrintStream out, Screen screen, BooleanSupplier stopRequested) {
        this.configuration = configuration;
        this.settings = configuration.settings();
        this.budget = budget;
        this.out = out;
        this.screen = screen;
        this.stopRequested = stopRequested;
    }

    /**
     * Checks, before anything is started or printed, that a run has the files it needs, can write its results, and fits the
     * memory.
     *
     * @return a warning if it hardly fits
     * @throws io.sppostream.log.UserException if a dataset, a verifier or a model is not available, or a directory cannot be
     *     written
     * @throws io.sppostream.model.CheckpointException if a model is malformed
     */
    public static Optional<String> require(RunSettings settings) {
        WritableDirectory.require(settings.runDirectory(), "--runs-dir");
        try (LocalRoles local = LocalRoles.open(settings, Role.of(settings))) {
            return MemoryCheck.require(settings, local);
        }
    }

    /** Trains until the steps are done, then writes and prints the summary. Resumes a run that was interrupted. */
    public void run() throws InterruptedException {
        WritableDirectory.require(settings.runDirectory(), "--runs-dir");
        // The broker takes more than a second to start, and models are loaded meanwhile: but not before its process
        // runs, since loading PyTorch delays it.
        try (Observability observability =
                        Observability.open(settings.metricsHost(), settings.metricsPort(), settings.run());
                LocalRoles local = LocalRoles.open(settings, Role.of(settings));
                Cluster cluster = Cluster.start(configuration, died -> {
                    local.abandon();
                    failure.report(died);
                })) {
            cluster.awaitLaunch();
            local.load();
            WarmUp.run(local, settings, cluster::isThere);
            try {
                run(local, observability, cluster.kafka());
            } finally {
                observability.leaveCluster();
            }
        }
    }

    private void run(LocalRoles local, Observability observability, KafkaSettings unobserved)
            throws InterruptedException {
        if (stopRequested.getAsBoolean()) {
            return;
        }
        KafkaSettings kafka = observability.observed(unobserved);
        try (EventSerdes serdes = new EventSerdes(kafka, observability.observer())) {
            observability.checkCluster(kafka, serdes);
            observability.checkRoles(local::readiness);
            RunLog runLog = new RunLog(kafka, serdes, settings.topics());
            List<Run> starts = RunRecord.start(configuration, local.placements(), runLog, clock);
            local.criticChoice().ifPresent(out::println);
            local.chosenPrecision().ifPresent(out::println);
            local.dataset().notes().forEach(out::println);
            RunRecord.risk(configuration, runLog).ifPresent(risk -> out.println("warning: " + risk));
            Evaluation evaluation = new Evaluation(
                    local.dataset(),
                    settings.evaluationPrompts(),
                    local.tokenizer(),
                    settings.evaluationSampling(),
                    local.offlineRewards());
            Progress progress = Progress.of(runLog, settings.hasCritic());
            if (isFinished(progress, evaluation)) {
                out.println("run '" + settings.run() + "' has trained its " + settings.steps()
                        + " steps: its summary is " + Summary.file(settings.runDirectory())
                        + " (to train on, give more --steps; to begin another run, another --run)");
                return;
            }
            if (budget.isLimited() && progress.steps() > 0 && isSpent(runLog, progress, starts)) {
                return;
            }
            if (progress.steps() > 0) {
                out.println("resuming after step " + progress.steps());
                notePrecision(starts);
            }
            train(runLog, local, observability, evaluation, starts, progress);
        }
    }

    /** Says if this start rounds otherwise than the one before it. */
    private void notePrecision(List<Run> starts) {
        List<String> differences =
                configuration.numericDifferences(starts.get(starts.size() - 2).getConfiguration());
        if (!differences.isEmpty()) {
            out.println("note: with " + String.join(", ", differences)
                    + ", weights may have other bits than without an interruption");
        }
    }

    private boolean isFinished(Progress progress, Evaluation evaluation) {
        return progress.steps() >= settings.steps()
                && (progress.hasEvaluated(settings.steps())
                        || evaluation.obstacle().isPresent())
                && Files.exists(Summary.file(settings.runDirectory()));
    }

    /**
     * Whether earlier processes of the run have spent the budget and evaluated the version with which it was spent. If so,
     * says where the summary is, and writes it if it is missing.
     */
    private boolean isSpent(RunLog runLog, Progress progress, List<Run> starts) {
        LearningCurve curve = curve(progress, starts);
        progress.evaluated().forEach(point -> curve.add(point.getStep(), point.getPublishedAt(), point.getAccuracy()));
        try (EventReader ledger = ledger(runLog)) {
            Follower follower = new Follower(runLog, ledger, curve);
            ledger.pollToEnd(follower::add);
            LearningCurve.Accuracy last = curve.lastAccuracy();
            if (last == null || !budget.isSpent(last.rollouts(), last.seconds())) {
                return false;
            }
            if (Files.exists(Summary.file(settings.runDirectory()))) {
                out.println("run '" + settings.run() + "' has spent its budget of " + budget + ": its summary is "
                        + Summary.file(settings.runDirectory()) + " (to train on, give a larger --budget)");
            } else {
                report(follower);
            }
            return true;
        }
    }

    private static EventReader ledger(RunLog runLog) {
        return runLog.without(UNUSED)
                .following(List.of(
                        runLog.topics().trainingSteps(),
                        runLog.topics().expired(),
                        runLog.topics().learnerStates()));
    }

    /** Counts all rollouts on the log by the time at which they were sampled. After the training, whose time this is not. */
    private static void countSampled(RunLog runLog, LearningCurve curve) {
        try (EventReader log = runLog.without(UNUSED_OF_ROLLOUTS)
                .following(List.of(runLog.topics().rollouts()))) {
            log.pollToEnd(record -> curve.addSampled(((Rollout) record.event()).getSampledAt()));
        }
    }

    private LearningCurve curve(Progress before, List<Run> starts) {
        return new LearningCurve(
                before.firstRelease().orElseGet(clock::instant),
                starts.stream().skip(1).map(Run::getStartedAt).toList(),
                settings.hasCritic());
    }

    private void train(
            RunLog runLog,
            LocalRoles local,
            Observability observability,
            Evaluation evaluation,
            List<Run> starts,
            Progress before)
            throws InterruptedException {
        // The ledger is read from its beginning, since the curve has all steps of the run.
        try (EventReader ledger = ledger(runLog)) {
            Follower follower;
            try {
                local.start(new Roles(configuration, runLog, clock, failed -> {
                    observability.failed();
                    failure.report(failed);
                }));
                follower = new Follower(runLog, ledger, curve(before, starts));
                follow(follower, evaluation, local.policyVersions(), before);
            } finally {
                local.stop();
            }
            // A step may have been committed while the roles stopped.
            ledger.pollToEnd(follower::add);
            report(follower);
        }
    }

    /** Writes and prints the summary of what was followed to the end of the log. */
    private void report(Follower follower) {
        if (budget.isLimited()) {
            countSampled(follower.runLog, follower.curve);
        }
        report(
                new RunStatistics(configuration, follower.runLog, follower.curve, cpuTimes)
                        .summary(follower.evidence, follower.expired),
                follower.curve);
    }

    /** Shows the progress until the last step is committed and evaluated, the budget is spent, or a stop is requested. */
    private void follow(Follower follower, Evaluation evaluation, PolicyVersions versions, Progress before)
            throws InterruptedException {
        LearningCurve curve = follower.curve;
        try (ProgressLine line = new ProgressLine(screen, settings.steps());
                FirstRewards firstRewards = new FirstRewards(configuration, follower.runLog, before.steps() == 0);
                Evaluator evaluator = new Evaluator(
                        follower.runLog,
                        evaluation,
                        versions,
                        settings.evaluationInterval(),
                        settings.steps(),
                        curve,
                        before.evaluated(),
                        clock,
                        failure::report)) {
            while (curve.stepsDone() < settings.steps() && !budget.isSpent(curve) && !stopRequested.getAsBoolean()) {
                failure.rethrow();
                follower.poll(BETWEEN_LOOKS, line);
                firstRewards.poll(Duration.ZERO).ifPresent(line::say);
                cpuTimes.sampleNowAndThen();
                if (curve.stepsDone() >= before.steps()) {
                    line.show(curve, clock.instant());
                }
            }
            firstRewards.poll(BETWEEN_LOOKS).ifPresent(line::say);
            if (budget.isSpent(curve)) {
                evaluator.endAt(curve.stepsDone());
            }
            Instant deadline = clock.instant().plus(EVALUATION_TIMEOUT);
            while (!stopRequested.getAsBoolean()
                    && clock.instant().isBefore(deadline)
                    && !evaluator.awaitLast(BETWEEN_LOOKS)) {
                failure.rethrow();
            }
            failure.rethrow();
            cpuTimes.sample();
            line.showLast(curve, clock.instant());
        }
    }

    /** Reads the ledger and what else happens to samples and learners. For one thread. */
    private final class Follower {
        private final RunLog runLog;
        private final EventReader log;
        private final LearningCurve curve;
        private long evidence;
        private long expired;

        Follower(RunLog runLog, EventReader log, LearningCurve curve) {
            this.runLog = runLog;
            this.log = log;
            this.curve = curve;
        }

        void poll(Duration timeout, ProgressLine line) {
            for (EventRecord<?> record : log.poll(timeout)) {
                add(record);
                if (record.event() instanceof LearnerState state) {
                    line.say(Pauses.message(state, runLog, settings));
                }
            }
        }

        void add(EventRecord<?> record) {
            if (record.event() instanceof TrainingStep step) {
                curve.add(step);
            } else if (record.event() instanceof Expired gone) {
                boolean isEvidence = gone.getReason() == ExpiryReason.EVIDENCE;
                evidence += isEvidence ? 1 : 0;
                expired += isEvidence ? 0 : 1;
                if (gone.getRolloutId() != null && !NOT_SAMPLED.contains(gone.getReason())) {
                    curve.addExpired(gone.getExpiredAt());
                }
            }
        }
    }

    /** Prints the summary, whether or not it can be written. */
    private void report(Summary summary, LearningCurve curve) {
        Path directory = settings.runDirectory();
        summary.print(out);
        try {
            summary.write(directory);
            Figure.write(directory, settings.run(), curve);
            out.println("summary and figure  " + Summary.file(directory) + ", " + directory.resolve(Figure.FILE));
        } catch (IOException e) {
            out.println("summary and figure  not written to " + directory.toAbsolutePath() + ": " + e
                    + "; the same command writes them from the log, with a --runs-dir that can be written");
        }
    }
}
