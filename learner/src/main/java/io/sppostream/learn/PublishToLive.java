package io.sppostream.learn;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.WeightsManifest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** How long it takes from a version's publication to the first sample made with it, as samples come to be trained. */
final class PublishToLive {
    private final Map<Integer, Instant> published = new HashMap<>();

    void published(WeightsManifest version) {
        published.put(version.getVersion(), version.getPublishedAt());
    }

    /** Seconds, the mean over the versions whose first samples are among these; empty where there is none. */
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
        // Versions that were passed over will not be used any more.
        firstUse.keySet().stream()
                .max(Integer::compare)
                .ifPresent(newest -> published.keySet().removeIf(version -> version <= newest));
        return seconds;
    }
}
