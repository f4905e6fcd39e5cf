package io.sppostream.sppo.audit;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.log.Received;
import io.sppostream.log.WeightLine;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The published versions of a line: each is published once, by the step that the ledger has for it. */
final class Versions {
    private final WeightLine line;
    private final Check check;
    private final Map<Integer, Received<WeightsManifest>> manifests = new TreeMap<>();
    private final Set<Integer> made = new HashSet<>();

    Versions(WeightLine line, Check check) {
        this.line = line;
        this.check = check;
    }

    /** The versions that another namespace has published, which are for its own audit to check. */
    static Versions ofAnother(WeightLine line) {
        return new Versions(line, new Check("versions", ""));
    }

    WeightLine line() {
        return line;
    }

    void take(Received<WeightsManifest> received) {
        WeightsManifest manifest = received.event();
        Received<WeightsManifest> other = manifests.putIfAbsent(manifest.getVersion(), received);
        check.require(
                other == null,
                () -> Difference.at(
                        manifest.getStep(),
                        received,
                        line.id() + " version " + manifest.getVersion() + " is published a second time"));
    }

    /** All manifests, by version. */
    Collection<WeightsManifest> manifests() {
        return manifests.values().stream().map(Received::event).toList();
    }

    /** The hash of a version; null where it is not published. */
    @Nullable
    String sha256(int version) {
        Received<WeightsManifest> manifest = manifests.get(version);
        return manifest == null ? null : manifest.event().getSha256();
    }

    /** Compares the version a step made with what is published. */
    void compare(Received<TrainingStep> received) {
        TrainingStep step = received.event();
        Received<WeightsManifest> published = manifests.get(step.getToVersion());
        made.add(step.getToVersion());
        if (published == null) {
            check.differs(Difference.at(
                    step.getStep(), received, line.id() + " version " + step.getToVersion() + " is not published"));
            return;
        }
        WeightsManifest manifest = published.event();
        check.require(
                manifest.getSha256().equals(step.getToSha256())
                        && manifest.getStep() == step.getStep()
                        && manifest.getParentVersion() != null
                        && manifest.getParentVersion() == step.getFromVersion(),
                () -> Difference.at(
                        step.getStep(),
                        published,
                        line.id() + " version " + manifest.getVersion() + " is " + brief(manifest.getSha256())
                                + " of step " + manifest.getStep() + " here, and " + brief(step.getToSha256())
                                + " of step " + step.getStep() + " in the ledger"));
    }

    /** Looks for versions that no step made, among those published before the ledger was looked at. */
    void requireSteps(long before) {
        for (Received<WeightsManifest> published : manifests.values()) {
            WeightsManifest manifest = published.event();
            boolean start = manifest.getVersion() == 0 && manifest.getParentVersion() == null;
            check.require(
                    start || made.contains(manifest.getVersion()) || published.offset() >= before,
                    () -> Difference.at(
                            manifest.getStep(),
                            published,
                            "no step of the ledger made " + line.id() + " version " + manifest.getVersion()));
        }
    }

    /** The beginning of a hash, which is enough to tell it from others. */
    static String brief(String sha256) {
        return sha256.substring(0, Math.min(12, sha256.length()));
    }
}
