package io.sppostream.run;

import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.report.LearningCurve;
import io.sppostream.run.report.LearningCurve.Accuracy;
import io.sppostream.run.report.ProgressLine;
import io.sppostream.run.report.Summary;
import io.sppostream.run.timeline.StepTimelineReader;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sums a run up: what its ledger measured, and what its log tells of rollouts and weights. */
record RunStatistics(Configuration configuration, RunLog runLog, LearningCurve curve, CpuTimes cpuTimes) {
    private static final Logger LOG = LoggerFactory.getLogger(RunStatistics.class);
    private static final double HALF = 0.5;
    private static final int RECENT_VERSIONS = 100;

    /** Steps whose timelines tell what the policy learner waits for: each takes a few fetches. */
    private static final int STEPS_READ = 5;

    private static final Duration FIRST_ROLLOUT_WAIT = Duration.ofSeconds(1);
    private static final Instant PROCESS_START =
            Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());

    /**
     * Sums up.
     *
     * @param evidence how many rollouts only served to estimate the advantages of others
     * @param expired how many other rollouts and requests have expired
     */
    Summary summary(long evidence, long expired) {
        return new Summary(
                new Summary.Origin(
                        configuration.settings().run(),
                        configuration.effective(),
                        configuration.sha256(),
                        curve.resumptions()),
                totals(evidence, expired),
                learning(),
                offPolicy(),
                weights(),
                timing(),
                PeakMemory.measure());
    }

    private Summary.Totals totals(long evidence, long expired) {
        List<TrainingStep> policy = curve.policy();
        long trained = policy.isEmpty() ? 0 : policy.get(policy.size() - 1).getSamplesTrained();
        long rollouts = trained + evidence;
        double seconds = curve.seconds();
        return new Summary.Totals(
                curve.stepsDone(),
                rollouts,
                evidence,
                expired,
                seconds,
                finite(rollouts / seconds),
                finite(metric(policy, "response_tokens").sum() / seconds));
    }

    private Summary.Learning learning() {
        List<Accuracy> accuracies = curve.accuracies();
        List<TrainingStep> critic = curve.critic();
        OptionalDouble half = curve.secondsTo(HALF);
        Accuracy first = accuracies.isEmpty() ? null : accuracies.get(0);
        Accuracy last = curve.lastAccuracy();
        return new Summary.Learning(
                first == null ? null : first.accuracy(),
                last == null ? null : last.accuracy(),
                notJudged(first, last),
                half.isPresent() ? half.getAsDouble() : null,
                explainedVariance(critic.subList(LearningCurve.lastFifth(critic.size()), critic.size())),
                accuracies,
                new Summary.StepMeans(lastMeans(curve.policy()), lastMeans(critic), curve.lastReliability()));
    }

    /** The mean of each metric over the last fifth of the steps, of those that have it. */
    private static Map<String, Double> lastMeans(List<TrainingStep> steps) {
        List<TrainingStep> last = steps.subList(LearningCurve.lastFifth(steps.size()), steps.size());
        Map<String, Double> means = new TreeMap<>();
        last.stream()
                .flatMap(step -> step.getMetrics().keySet().stream())
                .distinct()
                .forEach(name -> {
                    double mean = metric(last, name).average().orElse(Double.NaN);
                    if (Double.isFinite(mean)) {
                        means.put(name, mean);
                    }
                });
        return means;
    }

    /** The mean over the steps that have it; null if none has. */
    private static @Nullable Double explainedVariance(List<TrainingStep> critic) {
        boolean any = critic.stream().anyMatch(step -> step.getMetrics().containsKey("explained_variance"));
        return any ? finite(ProgressLine.mean(critic, "explained_variance")) : null;
    }

    private static @Nullable String notJudged(@Nullable Accuracy first, @Nullable Accuracy last) {
        if (first == null || last == null) {
            return "no version was evaluated";
        }
        return Stream.of(last, first)
                .map(Accuracy::notJudgedBecause)
                .filter(Objects::nonNull)
                .findFirst()
                .map(because -> "not judged: " + because)
                .orElse(null);
    }

    private Summary.OffPolicy offPolicy() {
        List<TrainingStep> policy = curve.policy();
        return new Summary.OffPolicy(
                ProgressLine.mean(policy, "policy_lag_mean"),
                (int) metric(policy, "policy_lag_max").max().orElse(0),
                metric(policy, "effective_sample_size").min().orElse(1),
                metric(policy, "ratio_max").max().orElse(1),
                ProgressLine.mean(policy, "clip_fraction"));
    }

    private Summary.Weights weights() {
        Map<WeightsEncoding, Double> bytes = weightBytes();
        return new Summary.Weights(
                lastHash(curve.policy()),
                lastHash(curve.critic()),
                bytes.getOrDefault(WeightsEncoding.FULL, 0.0),
                bytes.get(WeightsEncoding.DELTA));
    }

    private Summary.Timing timing() {
        List<TrainingStep> policy = curve.policy();
        Map<String, Double> stepSeconds = new LinkedHashMap<>();
        for (String part : Summary.STEP_PARTS) {
            stepSeconds.put(part, ProgressLine.mean(policy, "seconds_" + part));
        }
        Instant firstRollout = firstRollout();
        return new Summary.Timing(
                firstRollout == null
                        ? 0
                        : Duration.between(PROCESS_START, firstRollout).toMillis() / 1e3,
                ProgressLine.mean(policy, "seconds_to_live"),
                stepSeconds,
                cpuTimes.seconds(),
                bottleneck(stepSeconds));
    }

    private Summary.@Nullable Bottleneck bottleneck(Map<String, Double> stepSeconds) {
        Summary.Bottleneck largest = Summary.Bottleneck.of(stepSeconds);
        return largest == null || !largest.part().equals(Summary.Bottleneck.WAITING)
                ? largest
                : largest.waitingFor(learnerWaitedFor());
    }

    /**
     * Seconds that the policy learner waited for each role in some steps, spread evenly over the run; empty if the log
     * does not say.
     */
    private Map<String, Double> learnerWaitedFor() {
        Map<String, Double> seconds = new TreeMap<>();
        int steps = curve.policy().size();
        try (StepTimelineReader timelines = new StepTimelineReader(runLog, null)) {
            for (int i = 0; i < Math.min(STEPS_READ, steps); i++) {
                timelines
                        .read(1 + (int) ((2L * i + 1) * steps / (2L * STEPS_READ)))
                        .learnerWaitedFor()
                        .forEach((role, waited) -> seconds.merge(role, waited.toNanos() / 1e9, Double::sum));
            }
        } catch (LogException | UserException e) {
            LOG.warn("the summary does not name the role that the policy waits for: {}", e.getMessage());
        }
        return seconds;
    }

    /** When the first rollout since the start of this process was sampled; null if there is none. */
    private @Nullable Instant firstRollout() {
        try (EventReader log = runLog.reader(List.of(runLog.topics().rollouts()))) {
            log.seek(runLog.topics().rollouts(), PROCESS_START);
            return log.poll(FIRST_ROLLOUT_WAIT).stream()
                    .map(record -> ((Rollout) record.event()).getSampledAt())
                    .min(Comparator.naturalOrder())
                    .orElse(null);
        }
    }

    /** Mean bytes of the last policy versions on the log, by encoding. */
    private Map<WeightsEncoding, Double> weightBytes() {
        Topic<WeightsManifest> topic = runLog.topics().versions(ModelKind.POLICY);
        try (EventReader log = runLog.reader(List.of(topic))) {
            return log.last(topic, 0, log.end(topic, 0), versions -> versions.size() >= RECENT_VERSIONS).stream()
                    .map(record -> (WeightsManifest) record.event())
                    .collect(Collectors.groupingBy(
                            WeightsManifest::getEncoding, Collectors.averagingLong(WeightsManifest::getBytes)));
        }
    }

    private static String lastHash(List<TrainingStep> steps) {
        return steps.isEmpty() ? "" : steps.get(steps.size() - 1).getToSha256();
    }

    private static DoubleStream metric(List<TrainingStep> steps, String name) {
        // A step without trained tokens has no ratios.
        return steps.stream()
                .map(TrainingStep::getMetrics)
                .filter(metrics -> metrics.containsKey(name))
                .mapToDouble(metrics -> metrics.get(name));
    }

    private static @Nullable Double finite(double number) {
        return Double.isFinite(number) ? number : null;
    }
}
