package io.sppostream.sppo.train;

import io.sppostream.events.TrainingStep;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** What a run has measured so far, over steps and over time since its first prompt was released. Thread-safe. */
public final class LearningCurve {

    /** Held-out accuracy of a policy version. */
    public record Accuracy(int step, double seconds, double accuracy) {}

    private final Instant startedAt;
    private final List<TrainingStep> policy = new ArrayList<>();
    private final List<TrainingStep> critic = new ArrayList<>();
    private final List<Accuracy> accuracies = new ArrayList<>();

    /** @param startedAt when the first prompt was released */
    public LearningCurve(Instant startedAt) {
        this.startedAt = startedAt;
    }

    /** Adds a ledger record, of which the samples are not kept: there are many. */
    public synchronized void add(TrainingStep step) {
        TrainingStep kept = TrainingStep.newBuilder(step).setSamples(List.of()).build();
        (step.getLine().equals("policy") ? policy : critic).add(kept);
    }

    /** Adds the accuracy of a version published at a time; it is the version's age that counts, not the evaluation's. */
    public synchronized void add(int step, Instant publishedAt, double accuracy) {
        accuracies.add(new Accuracy(step, Math.max(0, seconds(publishedAt)), accuracy));
    }

    /** Steps of the policy so far. */
    public synchronized List<TrainingStep> policy() {
        return List.copyOf(policy);
    }

    /** Steps of the critic so far. */
    public synchronized List<TrainingStep> critic() {
        return List.copyOf(critic);
    }

    /** Accuracies so far. */
    public synchronized List<Accuracy> accuracies() {
        return List.copyOf(accuracies);
    }

    /** The last accuracy; null before the first. */
    public synchronized @Nullable Accuracy lastAccuracy() {
        return accuracies.isEmpty() ? null : accuracies.get(accuracies.size() - 1);
    }

    /** Steps that both lines have committed. */
    public synchronized int stepsDone() {
        return Math.min(policy.size(), critic.size());
    }

    /** Seconds from the start to an instant. */
    public double seconds(Instant instant) {
        return Duration.between(startedAt, instant).toNanos() / 1e9;
    }

    /** Seconds until the last step of either line; 0 before the first. */
    public synchronized double seconds() {
        double last = 0;
        for (List<TrainingStep> line : List.of(policy, critic)) {
            if (!line.isEmpty()) {
                last = Math.max(last, seconds(line.get(line.size() - 1).getEndedAt()));
            }
        }
        return last;
    }

    /** Seconds until the first version whose accuracy reached a level; empty where none did. */
    public synchronized OptionalDouble secondsTo(double level) {
        return accuracies.stream()
                .filter(point -> point.accuracy() >= level)
                .mapToDouble(Accuracy::seconds)
                .min();
    }
}
