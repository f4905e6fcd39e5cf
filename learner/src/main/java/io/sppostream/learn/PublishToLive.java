package io.sppostream.learn;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.WeightsManifest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Measures the time from a version's publication to its first use, as its samples reach training. Knows only the
 * versions that this process published. For one thread.
 */
final class PublishToLive {
    private final Map<Integer, Instant> published = new HashMap<>();

    void published(WeightsManifest version) {
        published.put(version.getVersion(), version.getPublishedAt());
    }

    /** Mean seconds over the versions whose first samples are among these; empty if there is no such version. */
    OptionalDouble seconds(TrainableModel model, List<TrainingSample> samples) {
        Map<Integer, Instant> firstUse = new HashMap<>();
        for (TrainingSample sample : samples) {
            if (published.containsKey(model.versionOf(sample))) {
                firstUse.merge(model.versionOf(sample), model.usedAt(sample), (a, b) -> a.isBefore(b) ? a : b);
            }
        }
        OptionalDouble seconds = firstUse.entrySet().stream()
                .mapToDouble(use -> Duration.between(published.get(use.getKey()), use.getValue())
                                .toNanos()
                        / 1e9)
                .average();
        // Versions that were skipped will not be used any more.
        firstUse.keySet().stream()
                .max(Integer::compare)
                .ifPresent(newest -> published.keySet().removeIf(version -> version <= newest));
        return seconds;
    }
}
