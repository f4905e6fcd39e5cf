package io.sppostream.history.export;

import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.RunLog;
import io.sppostream.log.UserException;
import io.sppostream.log.weights.WeightsFiles;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The published versions of a run's policy, and those of them whose weights still exist. Immutable. */
final class RetainedVersions {
    private final String run;
    private final TreeMap<Integer, WeightsManifest> published = new TreeMap<>();
    private final List<Integer> retained = new ArrayList<>();

    private RetainedVersions(String run) {
        this.run = run;
    }

    static RetainedVersions of(RunLog log) {
        Topics topics = log.topics();
        RetainedVersions versions = new RetainedVersions(topics.namespace());
        Topic<WeightsManifest> manifests = topics.versions(ModelKind.POLICY);
        try (EventReader reader = log.reader(List.of(manifests, topics.weights(ModelKind.POLICY)))) {
            long begin = reader.begin(topics.weights(ModelKind.POLICY), 0);
            try (EventReader all = log.reader(List.of(manifests))) {
                // A snapshot that a learner wrote when it stopped replaces the manifest of the same version.
                all.pollToEnd(record -> {
                    WeightsManifest manifest = (WeightsManifest) record.event();
                    versions.published.put(manifest.getVersion(), manifest);
                });
            }
            boolean readable = false; // Whether the full version exists that deltas build on.
            for (WeightsManifest manifest : versions.published.values()) {
                boolean there = exists(manifest, begin);
                readable = manifest.getEncoding() == WeightsEncoding.DELTA ? readable && there : there;
                if (readable) {
                    versions.retained.add(manifest.getVersion());
                }
            }
        }
        return versions;
    }

    private static boolean exists(WeightsManifest manifest, long begin) {
        if (WeightsFiles.has(manifest)) {
            return Files.exists(WeightsFiles.folder(manifest).resolve(WeightsFiles.WEIGHTS));
        }
        return manifest.getVersion() == 0 || manifest.getFirstChunkOffset() >= begin;
    }

    /**
     * A version.
     *
     * @param version null for the last one
     * @throws UserException if the run has no such version, or its weights have been deleted
     */
    WeightsManifest get(@Nullable Integer version) {
        if (published.isEmpty()) {
            throw new UserException("run '" + run + "' has published no policy version");
        }
        int wanted = version == null ? published.lastKey() : version;
        WeightsManifest manifest = published.get(wanted);
        if (manifest == null) {
            throw new UserException(
                    "run '" + run + "' has no policy version " + wanted + ": its last is " + published.lastKey());
        }
        if (!retained.contains(wanted)) {
            throw new UserException("the weights of policy version " + wanted + " of run '" + run
                    + "' have been deleted; those of " + ranges(retained) + " exist");
        }
        return manifest;
    }

    /** Ascending numbers in short: {@code 0, 7-9}. */
    static String ranges(List<Integer> numbers) {
        if (numbers.isEmpty()) {
            return "no version";
        }
        List<String> ranges = new ArrayList<>();
        for (int i = 0, from = 0; i < numbers.size(); i++) {
            boolean ends = i + 1 == numbers.size() || numbers.get(i + 1) != numbers.get(i) + 1;
            if (ends) {
                ranges.add(from == i ? "" + numbers.get(i) : numbers.get(from) + "-" + numbers.get(i));
                from = i + 1;
            }
        }
        return String.join(", ", ranges);
    }
}
