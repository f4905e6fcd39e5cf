package io.sppostream.history.audit;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.EventRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The published versions of the policy or the critic: each is published once, as a step of the ledger made it. Only a
 * learner that stops publishes its last version again, as a snapshot of the same weights.
 */
final class VersionAudit {
    private final ModelKind kind;
    private final Check check;
    private final Map<Integer, EventRecord<WeightsManifest>> manifests = new TreeMap<>();
    private final List<WeightsManifest> all = new ArrayList<>();
    private final Set<Integer> made = new HashSet<>();

    VersionAudit(ModelKind kind, Check check) {
        this.kind = kind;
        this.check = check;
    }

    /** The versions of another namespace, which this audit does not check. */
    static VersionAudit ofAnother(ModelKind kind) {
        return new VersionAudit(kind, new Check("versions", ""));
    }

    ModelKind kind() {
        return kind;
    }

    void take(EventRecord<WeightsManifest> record) {
        WeightsManifest manifest = record.event();
        EventRecord<WeightsManifest> other = manifests.putIfAbsent(manifest.getVersion(), record);
        all.add(manifest);
        check.require(
                other == null || isSnapshotOf(other.event(), manifest),
                () -> Finding.at(
                        manifest.getStep(),
                        record,
                        kind.id() + " version " + manifest.getVersion() + " is published twice"));
    }

    private static boolean isSnapshotOf(WeightsManifest version, WeightsManifest again) {
        return again.getOptimizer() != null
                && version.getOptimizer() == null
                && again.getSha256().equals(version.getSha256())
                && again.getStep() == version.getStep()
                && Objects.equals(again.getParentVersion(), version.getParentVersion());
    }

    /** All manifests, in the order of the log. */
    List<WeightsManifest> manifests() {
        return all;
    }

    /** Number of versions. */
    int count() {
        return manifests.size();
    }

    /** The SHA-256 of a version; null if it is not published. */
    @Nullable
    String sha256(int version) {
        EventRecord<WeightsManifest> manifest = manifests.get(version);
        return manifest == null ? null : manifest.event().getSha256();
    }

    /** Compares the version of a step with the published manifest. */
    void compare(EventRecord<TrainingStep> record) {
        TrainingStep step = record.event();
        EventRecord<WeightsManifest> published = manifests.get(step.getToVersion());
        made.add(step.getToVersion());
        if (published == null) {
            check.add(Finding.at(
                    step.getStep(), record, kind.id() + " version " + step.getToVersion() + " is not published"));
            return;
        }
        WeightsManifest manifest = published.event();
        check.require(
                manifest.getSha256().equals(step.getToSha256())
                        && manifest.getStep() == step.getStep()
                        && manifest.getParentVersion() != null
                        && manifest.getParentVersion() == step.getFromVersion(),
                () -> Finding.at(
                        step.getStep(),
                        published,
                        kind.id() + " version " + manifest.getVersion() + " is " + brief(manifest.getSha256())
                                + " of step " + manifest.getStep() + " here, and " + brief(step.getToSha256())
                                + " of step " + step.getStep() + " in the ledger"));
    }

    /** Checks that a step of the ledger made each version that lies before an offset. */
    void requireSteps(long before) {
        for (EventRecord<WeightsManifest> published : manifests.values()) {
            WeightsManifest manifest = published.event();
            boolean start = manifest.getVersion() == 0 && manifest.getParentVersion() == null;
            check.require(
                    start || made.contains(manifest.getVersion()) || published.offset() >= before,
                    () -> Finding.at(
                            manifest.getStep(),
                            published,
                            "no step of the ledger made " + kind.id() + " version " + manifest.getVersion()));
        }
    }

    /** The first 12 digits of a hash, which identify it. */
    static String brief(String sha256) {
        return sha256.substring(0, Math.min(12, sha256.length()));
    }
}
