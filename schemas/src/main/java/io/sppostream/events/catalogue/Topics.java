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
 * The topics of one run, named {@code <namespace>.<name>.v1}. All records that descend from a prompt are keyed by its
 * requestId and lie on topics with equal partition counts, so joins need no repartitioning. All other topics have one
 * partition, since their readers need a total order.
 *
 * @param namespace the run's name: 1 to 100 letters, digits, {@code _} and {@code -}
 * @param partitions partitions of each topic keyed by requestId, at least 1
 */
public record Topics(String namespace, int partitions) {
    /** Most bytes of a record; a rollout of 128k tokens has 1.4 MB. */
    public static final int MAX_MESSAGE_BYTES = 16 << 20;

    /** Most bytes of a dead letter, which is a record with its origin in the headers. */
    public static final int MAX_DEAD_LETTER_BYTES = MAX_MESSAGE_BYTES + (1 << 20);

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

    /** Prompts to respond to. Written by the feed, or by a production service. */
    public Topic<Prompt> prompts() {
        return byRequest("prompts", Prompt.class);
    }

    /** Sampled responses. Written by rollout producers. */
    public Topic<Rollout> rollouts() {
        return byRequest("rollouts", Rollout.class);
    }

    /** Judgements of rollouts. Written by reward verifiers. */
    public Topic<Verdict> verdicts() {
        return byRequest("verdicts", Verdict.class);
    }

    /** Estimates of the probability that the policy solves a prompt. Written by the critic. */
    public Topic<Value> values() {
        return byRequest("values", Value.class);
    }

    /** Complete training samples. Written by the advantage stream. */
    public Topic<TrainingSample> advantages() {
        return byRequest("advantages", TrainingSample.class);
    }

    /** Prompts and rollouts that no learner will train on, with the reason. Written by the role that decides. */
    public Topic<Expired> expired() {
        return byRequest("expired", Expired.class);
    }

    /** Manifests of a model's weight versions. Written by the model's learner. */
    public Topic<WeightsManifest> versions(ModelKind kind) {
        return ordered(kind.id() + "-versions", "line", WeightsManifest.class);
    }

    /**
     * The bytes of a model's start weights, version 0. Written by the model's learner. They have their own topic because
     * old records of the weights topic are deleted as training proceeds, and Kafka deletes from the front only. Every
     * version can be recomputed from the start weights, so they must stay.
     */
    public Topic<WeightsChunk> startWeights(ModelKind kind) {
        return ordered(kind.id() + "-start", "version", WeightsChunk.class);
    }

    /** The bytes of a model's later versions, back to its last two snapshots. Written by the model's learner. */
    public Topic<WeightsChunk> weights(ModelKind kind) {
        return ordered(kind.id() + "-weights", "version", WeightsChunk.class);
    }

    /** The ledger: one record for each optimizer step. Written by the learners of both models. */
    public Topic<TrainingStep> trainingSteps() {
        return ordered("training-steps", "line", TrainingStep.class);
    }

    /** Held-out accuracy of policy versions. Written by the evaluator. */
    public Topic<HeldOutAccuracy> evaluations() {
        return ordered("evaluations", "version", HeldOutAccuracy.class);
    }

    /** Pauses of learners and their ends. Written by the learners, and by operators who resume them. */
    public Topic<LearnerState> learnerStates() {
        return ordered("learner-states", "line", LearnerState.class);
    }

    /** The configuration of each start of the run. Written at start-up. */
    public Topic<Run> runs() {
        return ordered("runs", "run", Run.class);
    }

    /** All topics, in the order in which a rollout passes through them. */
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

    /** The id of a role in this namespace: its consumer group, Streams application and transactional id. */
    public String application(String role) {
        return namespace + "." + role;
    }

    private <V extends SpecificRecord> Topic<V> byRequest(String name, Class<V> type) {
        return new Topic<>(qualified(name), "requestId", type, partitions);
    }

    private <V extends SpecificRecord> Topic<V> ordered(String name, String key, Class<V> type) {
        return new Topic<>(qualified(name), key, type, 1);
    }

    private String qualified(String name) {
        return namespace + "." + name + ".v1";
    }
}
