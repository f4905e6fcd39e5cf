package io.sppostream.history.recorded;

import io.sppostream.events.ReplayOf;
import io.sppostream.events.Run;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.run.RunRecord;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a namespace is a run or a replay of one, and whose versions its samples name. Those of a run are its own. A
 * replay has sampled nothing: its rollouts name policy versions of the run that it replays, and so do its values critic
 * versions, unless it has scored again. Where that run is a replay in turn, they are those that its samples name.
 *
 * @param replayOf null for a run
 * @param named the namespace whose versions samples name, by line; none where that is no longer on the cluster
 */
public record Lineage(@Nullable ReplayOf replayOf, Map<ModelKind, Topics> named) {

    /** That of a run. */
    public static Lineage ofRun(Topics topics) {
        return new Lineage(null, Map.of(ModelKind.POLICY, topics, ModelKind.CRITIC, topics));
    }

    /** That of whatever is in a namespace. */
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
        return new Lineage(replayOf(runLog), named);
    }

    private static @Nullable Topics origin(ModelKind kind, TopicAdmin admin, RunLog runLog) {
        Topics at = runLog.topics();
        Set<String> passed = new HashSet<>();
        while (passed.add(at.namespace())) {
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

    /** Whether samples name versions of the namespace's own line. */
    public boolean isOwn(ModelKind kind) {
        return isOwn(kind, replayOf);
    }

    /** Whether the namespace trains a line. */
    public boolean trains(ModelKind kind) {
        return replayOf == null || (kind == ModelKind.POLICY ? replayOf.getTrained() : replayOf.getScored());
    }

    /**
     * Whether a line is trained in an order that was recorded, and not in that of the topic of samples, so that it
     * consumes no offsets of it: a replay's critic.
     */
    public boolean isDriven(ModelKind kind) {
        return replayOf != null && kind == ModelKind.CRITIC;
    }
}
