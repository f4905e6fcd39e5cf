package io.sppostream.run.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sppostream.events.TrainingStep;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The measurements of a run so far, over steps and over time since its first prompt was released. Thread-safe. */
public final class LearningCurve {

    /**
     * Held-out accuracy of a policy version.
     *
     * @param rollouts rollouts that had been sampled when the version was made, if they were counted ({@link
     *     #addSampled}); otherwise those that had settled: trained, evidence, or expired after they were sampled
     * @param seconds from the start of the run to the publication of the version
     * @param accuracy in [0, 1]; null if the answers were not judged
     * @param notJudgedBecause why they were not; null if they were
     */
    public record Accuracy(
            int step,
            long rollouts,
            double seconds,
            @Nullable Double accuracy,
            @JsonProperty("not_judged") @Nullable String notJudgedBecause) {

        /** An accuracy that was judged. */
        public Accuracy(int step, long rollouts, double seconds, double accuracy) {
            this(step, rollouts, seconds, accuracy, null);
        }
    }

    /** A version and its accuracy, or why it has none. */
    private record Point(
            int step,
            Instant publishedAt,
            @Nullable Double accuracy,
            @Nullable String notJudgedBecause) {}

    private final Instant startedAt;
    private final List<Instant> resumptions;
    private final boolean hasCritic;
    private final TreeSet<Instant> ends = new TreeSet<>();
    private final List<TrainingStep> policy = new ArrayList<>();
    private final List<TrainingStep> critic = new ArrayList<>();
    private final Measurements measurements = new Measurements();

    /** The bins of the critic's steps, packed. */
    private final List<double[]> calibrations = new ArrayList<>();

    private final List<Point> points = new ArrayList<>();

    /** How many rollouts were sampled, by millisecond; empty if that was not counted. */
    private final TreeMap<Instant, Long> sampled = new TreeMap<>();

    /** How many rollouts have expired, by millisecond. */
    private final TreeMap<Instant, Long> expired = new TreeMap<>();

    private long expiredRollouts;

    /**
     * @param startedAt when the first prompt was released
     * @param resumptions when the run was resumed after interruptions, in order; the time from the last step before an
     *     interruption to the resumption does not count
     * @param hasCritic whether the run trains a critic
     */
    public LearningCurve(Instant startedAt, List<Instant> resumptions, boolean hasCritic) {
        this.startedAt = startedAt;
        this.resumptions = List.copyOf(resumptions);
        this.hasCritic = hasCritic;
    }

    /**
     * Adds a ledger record without its samples, which are many. Its measurements take eight bytes each; the bins of a
     * critic's calibration are kept apart ({@link #reliability}).
     */
    public synchronized void add(TrainingStep step) {
        TrainingStep kept = TrainingStep.newBuilder(step)
                .setSamples(List.of())
                .setMetrics(measurements.pack(step.getMetrics()))
                .setCalibration(List.of())
                .build();
        if (step.getLine().equals("policy")) {
            policy.add(kept);
        } else {
            critic.add(kept);
            calibrations.add(Reliability.pack(step.getCalibration()));
        }
        ends.add(step.getEndedAt());
    }

    /** Counts a rollout that was sampled and will not be trained on, such as evidence. */
    public synchronized void addExpired(Instant expiredAt) {
        count(expiredAt, expired);
        expiredRollouts++;
    }

    /** Counts a rollout when it was sampled. */
    public synchronized void addSampled(Instant sampledAt) {
        count(sampledAt, sampled);
    }

    private static void count(Instant instant, Map<Instant, Long> counts) {
        counts.merge(instant.truncatedTo(ChronoUnit.MILLIS), 1L, Long::sum);
    }

    /** Adds the accuracy of a version at the time at which the version was published, not evaluated. */
    public synchronized void add(int step, Instant publishedAt, double accuracy) {
        points.add(new Point(step, publishedAt, accuracy, null));
    }

    /** Adds a version whose answers were not judged. */
    public synchronized void addNotJudged(int step, Instant publishedAt, String because) {
        points.add(new Point(step, publishedAt, null, because));
    }

    /** How often the run was resumed. */
    public int resumptions() {
        return resumptions.size();
    }

    /** Steps of the policy so far. */
    public synchronized List<TrainingStep> policy() {
        return List.copyOf(policy);
    }

    /** Steps of the critic so far. */
    public synchronized List<TrainingStep> critic() {
        return List.copyOf(critic);
    }

    /**
     * The reliability of the critic over a range of its steps.
     *
     * @param from index of the first step in {@link #critic}
     * @param to index after the last
     * @return null if the ledger has none
     */
    public synchronized @Nullable Reliability reliability(int from, int to) {
        return from >= to
                ? null
                : Reliability.of(
                        critic.get(from).getStep(), critic.get(to - 1).getStep(), calibrations.subList(from, to));
    }

    /** The reliability of the critic over the last fifth of its steps, one at least; null if the ledger has none. */
    public synchronized @Nullable Reliability lastReliability() {
        return reliability(lastFifth(critic.size()), critic.size());
    }

    /** Where the last fifth of so many steps begins, which has one step at least. */
    public static int lastFifth(int steps) {
        return Math.max(0, Math.min(steps * 4 / 5, steps - 1));
    }

    /** Versions evaluated so far, those whose answers were not judged included. */
    public synchronized List<Accuracy> accuracies() {
        return points.stream().map(this::accuracy).toList();
    }

    /** The last version evaluated; null before the first. */
    public synchronized @Nullable Accuracy lastAccuracy() {
        return points.isEmpty() ? null : accuracy(points.get(points.size() - 1));
    }

    /** Steps that policy and critic, if there is one, have committed. */
    public synchronized int stepsDone() {
        return hasCritic ? Math.min(policy.size(), critic.size()) : policy.size();
    }

    private Accuracy accuracy(Point point) {
        return new Accuracy(
                point.step(),
                rollouts(point.step()),
                Math.max(0, seconds(point.publishedAt())),
                point.accuracy(),
                point.notJudgedBecause());
    }

    /** Rollouts that have settled: those trained, and those that were sampled and expired, evidence included. */
    public synchronized long rollouts() {
        return trained(policy.size()) + expiredRollouts;
    }

    /** Rollouts that had settled when the last of the {@link #stepsDone} was committed; 0 before the first. */
    public synchronized long rolloutsOfSteps() {
        return settled(stepsDone());
    }

    /** Seconds until the policy's last of the {@link #stepsDone}; 0 before the first. */
    public synchronized double secondsOfSteps() {
        int steps = stepsDone();
        return steps == 0 ? 0 : seconds(policy.get(steps - 1).getEndedAt());
    }

    /** Rollouts that had been sampled, or else settled, when the policy committed a step; 0 for the start policy. */
    private long rollouts(int step) {
        int steps = Math.min(step, policy.size());
        return steps == 0 || sampled.isEmpty()
                ? settled(steps)
                : until(policy.get(steps - 1).getEndedAt(), sampled);
    }

    private long settled(int steps) {
        return steps == 0 ? 0 : trained(steps) + until(policy.get(steps - 1).getEndedAt(), expired);
    }

    private static long until(Instant instant, NavigableMap<Instant, Long> counts) {
        return counts.headMap(instant, true).values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    private long trained(int steps) {
        return steps == 0 ? 0 : policy.get(steps - 1).getSamplesTrained();
    }

    /** Seconds from the start to an instant, without interruptions. */
    public synchronized double seconds(Instant instant) {
        Duration elapsed = Duration.between(startedAt, instant);
        Instant counted = startedAt;
        for (Instant resumed : resumptions) {
            if (resumed.isAfter(counted) && !resumed.isAfter(instant)) {
                Instant lastEnd = ends.floor(resumed);
                Instant interrupted = lastEnd == null || lastEnd.isBefore(counted) ? counted : lastEnd;
                elapsed = elapsed.minus(Duration.between(interrupted, resumed));
                counted = resumed;
            }
        }
        return elapsed.toNanos() / 1e9;
    }

    /** Seconds until the last step of policy or critic; 0 before the first. */
    public synchronized double seconds() {
        double last = 0;
        for (List<TrainingStep> steps : List.of(policy, critic)) {
            if (!steps.isEmpty()) {
                last = Math.max(last, seconds(steps.get(steps.size() - 1).getEndedAt()));
            }
        }
        return last;
    }

    /** Seconds until the first version whose accuracy reached a level; empty if none did. */
    public synchronized OptionalDouble secondsTo(double level) {
        return accuracies().stream()
                .filter(point -> point.accuracy() != null && point.accuracy() >= level)
                .mapToDouble(Accuracy::seconds)
                .min();
    }
}
