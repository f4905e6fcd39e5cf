package io.sppostream.sppo.train;

import io.sppostream.events.Expired;
import io.sppostream.events.LearnerState;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingStep;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Received;
import io.sppostream.log.Topics;
import io.sppostream.model.PolicyModel;
import io.sppostream.sppo.config.Configuration;
import io.sppostream.sppo.config.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * The main job: all roles in this process, from the start policy to the last step, over the embedded broker or a
 * cluster. Nothing but the log connects the roles; this class starts them, watches the ledger and sums up.
 */
public final class TrainRun {
    private static final Duration EVALUATION_PATIENCE = Duration.ofMinutes(10);
    private static final double HALF = 0.5;

    private final Configuration configuration;
    private final Settings settings;
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

    /**
     * Trains until the steps are done.
     *
     * @return the summary, which has been written and printed
     */
    public Summary run() throws InterruptedException {
        // The broker takes its time to start: models are loaded meanwhile.
        try (LocalRoles local = LocalRoles.open(settings, EnumSet.allOf(Role.class));
                Cluster cluster = Cluster.start(configuration, failure::report);
                PolicyModel evaluated = PolicyModel.load(local.checkpoint(), settings.model())) {
            local.load();
            return run(local, evaluated, cluster.kafka());
        }
    }

    private Summary run(LocalRoles local, PolicyModel evaluated, KafkaSettings kafka) throws InterruptedException {
        try (EventSerdes serdes = new EventSerdes(kafka)) {
            Topics topics = settings.topics();
            RunRecord.begin(configuration, kafka, serdes, clock);
            Evaluation evaluation = new Evaluation(
                    local.dataset(),
                    settings.getInt("eval.prompts"),
                    local.tokenizer(),
                    settings.sampling(),
                    local.directRewards());
            Roles roles = new Roles(configuration, kafka, serdes, topics, clock, failure::report);
            try {
                local.start(roles);
                return follow(kafka, serdes, topics, evaluation, evaluated);
            } finally {
                local.stop();
            }
        }
    }

    /** Evaluates and watches the roles at work; sums up. */
    private Summary follow(
            KafkaSettings kafka, EventSerdes serdes, Topics topics, Evaluation evaluation, PolicyModel evaluated)
            throws InterruptedException {
        LearningCurve curve = new LearningCurve(clock.instant());
        try (Evaluator evaluator = new Evaluator(
                kafka,
                serdes,
                topics,
                evaluation,
                evaluated,
                settings.getInt("eval.interval"),
                settings.steps(),
                curve,
                failure::report)) {
            long expired = watch(kafka, serdes, topics, curve, evaluator);
            Summary summary = summary(curve, expired, firstRollout(kafka, serdes, topics));
            report(summary, curve);
            return summary;
        }
    }

    /** Follows the ledger until the last step is committed and evaluated; returns how many samples expired. */
    private long watch(KafkaSettings kafka, EventSerdes serdes, Topics topics, LearningCurve curve, Evaluator evaluator)
            throws InterruptedException {
        ProgressLine progress = new ProgressLine(out, terminal, settings.steps());
        long expired = 0;
        try (EventReader log = new EventReader(
                kafka, serdes, List.of(topics.trainingSteps(), topics.expired(), topics.learnerStates()))) {
            while (curve.stepsDone() < settings.steps() && !stopRequested.getAsBoolean()) {
                failure.rethrow();
                for (Received<?> received : log.poll(Duration.ofMillis(250))) {
                    if (received.event() instanceof TrainingStep step) {
                        curve.add(step);
                    } else if (received.event() instanceof Expired) {
                        expired++;
                    } else if (received.event() instanceof LearnerState state) {
                        progress.say(Pauses.line(state, settings));
                    }
                }
                cpuTimes.sample();
                progress.show(curve, curve.seconds(clock.instant()));
            }
        }
        if (!stopRequested.getAsBoolean()) {
            evaluator.awaitLast(EVALUATION_PATIENCE);
            failure.rethrow();
        }
        cpuTimes.sample();
        progress.end(curve, curve.seconds());
        return expired;
    }

    /** When the first rollout was sampled; null where there is none. */
    private @Nullable Instant firstRollout(KafkaSettings kafka, EventSerdes serdes, Topics topics) {
        try (EventReader log = new EventReader(kafka, serdes, List.of(topics.rollouts()))) {
            return log.poll(Duration.ofSeconds(5)).stream()
                    .map(received -> ((Rollout) received.event()).getSampledAt())
                    .min(Comparator.naturalOrder())
                    .orElse(null);
        }
    }

    private Summary summary(LearningCurve curve, long expired, @Nullable Instant firstRollout) {
        List<TrainingStep> policy = curve.policy();
        List<TrainingStep> critic = curve.critic();
        List<LearningCurve.Accuracy> accuracies = curve.accuracies();
        double seconds = curve.seconds();
        long rollouts = policy.isEmpty() ? 0 : policy.get(policy.size() - 1).getSamplesTrained();
        double tokens = metric(policy, "response_tokens").sum();
        Instant processStart =
                Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
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
                        : Duration.between(processStart, firstRollout).toMillis() / 1e3,
                curve.secondsTo(HALF).isPresent() ? curve.secondsTo(HALF).getAsDouble() : null,
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
