package io.sppostream.events.catalogue;

import io.sppostream.events.Expired;
import io.sppostream.events.HeldOutAccuracy;
import io.sppostream.events.LearnerState;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.Run;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsManifest;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;

/**
 * The catalogue of topics of one namespace: a run, or an ablation. Names are {@code <namespace>.<name>.v1}. What a
 * request leads to is keyed by its requestId on topics of equal partition counts, so that joins need no repartition.
 *
 * @param namespace letters, digits, {@code _} and {@code -}
 * @param partitions partitions of the topics keyed by requestId
 */
public record Topics(String namespace, int partitions) {
    private static final Pattern NAMESPACE = Pattern.compile("[A-Za-z0-9_-]{1,100}");

    public Topics {
        if (!NAMESPACE.matcher(namespace).matches()) {
            throw new IllegalArgumentException(
                    "namespace '" + namespace + "' is not a topic prefix: use up to 100 letters, digits, '_' and '-'");
        }
        if (partitions < 1) {
            throw new IllegalArgumentException("partitions = " + partitions + ": at least 1 is needed");
        }
    }

    /** Requests for responses; written by a feed or a production service. */
    public Topic<Prompt> prompts() {
        return byRequest("prompts", Prompt.class);
    }

    /** Sampled responses; written by rollout producers. */
    public Topic<Rollout> rollouts() {
        return byRequest("rollouts", Rollout.class);
    }

    /** Judgements; written by reward verifiers. */
    public Topic<Verdict> verdicts() {
        return byRequest("verdicts", Verdict.class);
    }

    /** Estimates of prompts; written by the critic. */
    public Topic<Value> values() {
        return byRequest("values", Value.class);
    }

    /** Whole training samples; written by the advantage stream. */
    public Topic<TrainingSample> advantages() {
        return byRequest("advantages", TrainingSample.class);
    }

    /** What will not be trained on, and why; written by whoever decides. */
    public Topic<Expired> expired() {
        return byRequest("expired", Expired.class);
    }

    /** Manifests of a line's versions; written by its one learner. */
    public Topic<WeightsManifest> versions(ModelKind kind) {
        return ordered(kind.id() + "-versions", "line", WeightsManifest.class);
    }

    /**
     * The bytes of a line's start weights, version 0. They have a topic of their own because the weights topic is cut
     * off at the front as the line goes on, and a log can only be cut there: what any version is re-computed from must
     * not lie on it.
     */
    public Topic<WeightsChunk> startWeights(ModelKind kind) {
        return ordered(kind.id() + "-start", "version", WeightsChunk.class);
    }

    /** The bytes of a line's later versions, back to its last snapshots; written by its one learner. */
    public Topic<WeightsChunk> weights(ModelKind kind) {
        return ordered(kind.id() + "-weights", "version", WeightsChunk.class);
    }

    /** The ledger; written by the learners of both lines. */
    public Topic<TrainingStep> trainingSteps() {
        return ordered("training-steps", "line", TrainingStep.class);
    }

    /** Held-out accuracy of policy versions; written by the evaluator. */
    public Topic<HeldOutAccuracy> evaluations() {
        return ordered("evaluations", "version", HeldOutAccuracy.class);
    }

    /** Pauses of the learners and their ends; written by the learners, and by whoever tells them to go on. */
    public Topic<LearnerState> learnerStates() {
        return ordered("learner-states", "line", LearnerState.class);
    }

    /** What runs were started with. */
    public Topic<Run> runs() {
        return ordered("runs", "run", Run.class);
    }

    /** All of them, in the order in which a rollout passes them. */
    public List<Topic<? extends SpecificRecord>> all() {
        return List.of(
                runs(),
                prompts(),
                rollouts(),
                verdicts(),
                values(),
                advantages(),
                expired(),
                trainingSteps(),
                evaluations(),
                learnerStates(),
                versions(ModelKind.POLICY),
                startWeights(ModelKind.POLICY),
                weights(ModelKind.POLICY),
                versions(ModelKind.CRITIC),
                startWeights(ModelKind.CRITIC),
                weights(ModelKind.CRITIC));
    }

    /** Application or group id of a role in this namespace. */
    public String application(String role) {
        return namespace + "." + role;
    }

    private <V extends SpecificRecord> Topic<V> byRequest(String name, Class<V> type) {
        return new Topic<>(qualified(name), "requestId", type, partitions);
    }

    /** One partition: readers need a total order. */
    private <V extends SpecificRecord> Topic<V> ordered(String name, String key, Class<V> type) {
        return new Topic<>(qualified(name), key, type, 1);
    }

    private String qualified(String name) {
        return namespace + "." + name + ".v1";
    }
}
