package io.sppostream.history.audit;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.EventRecord;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The published versions of a line: each is published once, by the step that the ledger has for it. */
final class Versions {
    private final ModelKind kind;
    private final Check check;
    private final Map<Integer, EventRecord<WeightsManifest>> manifests = new TreeMap<>();
    private final Set<Integer> made = new HashSet<>();

    Versions(ModelKind kind, Check check) {
        this.kind = kind;
        this.check = check;
    }

    /** The versions that another namespace has published, which are for its own audit to check. */
    static Versions ofAnother(ModelKind kind) {
        return new Versions(kind, new Check("versions", ""));
    }

    ModelKind kind() {
        return kind;
    }

    void take(EventRecord<WeightsManifest> received) {
        WeightsManifest manifest = received.event();
        EventRecord<WeightsManifest> other = manifests.putIfAbsent(manifest.getVersion(), received);
        check.require(
                other == null,
                () -> Difference.at(
                        manifest.getStep(),
                        received,
                        kind.id() + " version " + manifest.getVersion() + " is published a second time"));
    }

    /** All manifests, by version. */
    Collection<WeightsManifest> manifests() {
        return manifests.values().stream().map(EventRecord::event).toList();
    }

    /** The hash of a version; null where it is not published. */
    @Nullable
    String sha256(int version) {
        EventRecord<WeightsManifest> manifest = manifests.get(version);
        return manifest == null ? null : manifest.event().getSha256();
    }

    /** Compares the version a step made with what is published. */
    void compare(EventRecord<TrainingStep> received) {
        TrainingStep step = received.event();
        EventRecord<WeightsManifest> published = manifests.get(step.getToVersion());
        made.add(step.getToVersion());
        if (published == null) {
            check.differs(Difference.at(
                    step.getStep(), received, kind.id() + " version " + step.getToVersion() + " is not published"));
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
                        kind.id() + " version " + manifest.getVersion() + " is " + brief(manifest.getSha256())
                                + " of step " + manifest.getStep() + " here, and " + brief(step.getToSha256())
                                + " of step " + step.getStep() + " in the ledger"));
    }

    /** Looks for versions that no step made, among those published before the ledger was looked at. */
    void requireSteps(long before) {
        for (EventRecord<WeightsManifest> published : manifests.values()) {
            WeightsManifest manifest = published.event();
            boolean start = manifest.getVersion() == 0 && manifest.getParentVersion() == null;
            check.require(
                    start || made.contains(manifest.getVersion()) || published.offset() >= before,
                    () -> Difference.at(
                            manifest.getStep(),
                            published,
                            "no step of the ledger made " + kind.id() + " version " + manifest.getVersion()));
        }
    }

    /** The beginning of a hash, which is enough to tell it from others. */
    static String brief(String sha256) {
        return sha256.substring(0, Math.min(12, sha256.length()));
    }
}
