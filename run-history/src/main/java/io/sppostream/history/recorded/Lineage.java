package io.sppostream.history.recorded;

import io.sppostream.events.ReplayOf;
import io.sppostream.events.Run;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a namespace is a run or a replay, and whose versions its samples name. The samples of a run name its own
 * versions. A replay samples nothing: its rollouts name policy versions of its source. Its values name critic versions of
 * its source, unless it has scored again. If the source is itself a replay, the samples name the versions of that one's
 * source, and so on.
 *
 * @param replayOf the source of a replay; null for a run
 * @param hasCritic whether the estimator reads the values of a critic, so that there is one
 * @param lifetime steps in which the policy may train a sample, from the one that consumes it on
 * @param named the namespace whose versions the samples name, by model; absent if it has left the cluster
 */
public record Lineage(@Nullable ReplayOf replayOf, boolean hasCritic, int lifetime, Map<ModelKind, Topics> named) {

    /** The lineage of a run with a critic. */
    public static Lineage ofRun(Topics topics) {
        return new Lineage(null, true, 1, Map.of(ModelKind.POLICY, topics, ModelKind.CRITIC, topics));
    }

    /** The lineage of a run or a replay. */
    public static Lineage of(RunLog runLog) {
        Map<ModelKind, Topics> named = new EnumMap<>(ModelKind.class);
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            for (ModelKind kind : ModelKind.values()) {
                Topics origin = origin(kind, admin, runLog);
                if (origin != null) {
                    named.put(kind, origin);
                }
            }
        }
        List<Run> starts = RunRecord.all(runLog);
        if (starts.isEmpty()) {
            return new Lineage(null, true, 1, named);
        }
        RunSettings settings = Configuration.recorded(starts.get(0).getConfiguration(), Map.of(), Map.of())
                .settings();
        return new Lineage(
                starts.get(0).getReplayOf(),
                settings.hasCritic(),
                settings.estimator().recipe().replay().lifetime(),
                named);
    }

    private static @Nullable Topics origin(ModelKind kind, TopicAdmin admin, RunLog runLog) {
        Topics at = runLog.topics();
        Set<String> visited = new HashSet<>();
        while (visited.add(at.namespace())) {
            ReplayOf replayOf = replayOf(new RunLog(runLog.kafka(), runLog.serdes(), at));
            if (replayOf == null || isOwn(kind, replayOf)) {
                return at;
            }
            String source = replayOf.getRun();
            if (!admin.exists(new Topics(source, 1))) {
                return null;
            }
            at = admin.find(source);
        }
        return null;
    }

    private static @Nullable ReplayOf replayOf(RunLog runLog) {
        List<Run> starts = RunRecord.all(runLog);
        return starts.isEmpty() ? null : starts.get(0).getReplayOf();
    }

    private static boolean isOwn(ModelKind kind, @Nullable ReplayOf replayOf) {
        return replayOf == null || (kind == ModelKind.CRITIC && replayOf.getScored());
    }

    /** Whether samples name versions of this namespace. */
    public boolean isOwn(ModelKind kind) {
        return isOwn(kind, replayOf);
    }

    /** Whether the namespace trains the policy, or the critic. */
    public boolean trains(ModelKind kind) {
        if (replayOf == null) {
            return kind == ModelKind.POLICY || hasCritic;
        }
        return kind == ModelKind.POLICY ? replayOf.getTrained() : replayOf.getScored();
    }

    /**
     * Whether a model is trained in a recorded order instead of the order of {@code advantages}, and so consumes no
     * offsets of that topic. This is true of a replay's critic.
     */
    public boolean isDriven(ModelKind kind) {
        return replayOf != null && kind == ModelKind.CRITIC;
    }
}
