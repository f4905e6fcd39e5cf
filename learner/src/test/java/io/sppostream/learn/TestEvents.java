package io.sppostream.learn;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FinishReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.Recovery;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.model.TokenSequence;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;

/** Events for tests, and their bytes on the log. For one thread. */
final class TestEvents {
    // Searching the class path for rules would take most of a simulation's time.
    static final EventSerdes SERDES = new EventSerdes(
            new KafkaSettings("unused:9092", "mock://learner-tests", Map.of("rule.service.loader.enable", "false")));
    private static final Map<String, Serde<? extends SpecificRecord>> CACHE = new HashMap<>();

    private TestEvents() {}

    @SuppressWarnings("unchecked")
    private static <V extends SpecificRecord> Serde<V> serde(Topic<V> topic) {
        return (Serde<V>) CACHE.computeIfAbsent(topic.name(), name -> SERDES.serde(topic));
    }

    static <V extends SpecificRecord> byte[] bytes(Topic<V> topic, V event) {
        return serde(topic).serializer().serialize(topic.name(), event);
    }

    static <V extends SpecificRecord> V event(Topic<V> topic, byte[] bytes) {
        return serde(topic).deserializer().deserialize(topic.name(), bytes);
    }

    /** Settings that connect to a log in memory. */
    static KafkaSettings kafka(MemoryLog log) {
        return new KafkaSettings("unused:9092", "mock://unused", Map.of(), log);
    }

    static String requestId(int index) {
        return "r-" + index;
    }

    static Prompt prompt(int index) {
        return Prompt.newBuilder()
                .setRequestId(requestId(index))
                .setPromptId("p")
                .setDataset("test")
                .setMessages(List.of(message(index)))
                .setReference("")
                .setSamples(1)
                .setMinPolicyVersion(0)
                .setReleasedAt(Instant.EPOCH)
                .build();
    }

    private static Message message(int index) {
        return new Message("user", Integer.toString(index));
    }

    static Value value(int index, int criticVersion) {
        return new Value(requestId(index), criticVersion, "", 0f, 0.5, null, Instant.EPOCH, null, null);
    }

    /** A sample of a prompt's only rollout; its reward is 1 if the index is even. */
    static TrainingSample sample(int index, int policyVersion, Value value, Instant sampledAt) {
        TokenSequence tokens = TestModels.sequences(1, index).get(0);
        int length = tokens.response().length;
        double reward = index % 2 == 0 ? 1 : 0;
        Rollout rollout = Rollout.newBuilder()
                .setRolloutId(requestId(index) + "/0")
                .setRequestId(requestId(index))
                .setPromptId("p")
                .setDataset("test")
                .setMessages(List.of(message(index)))
                .setReference("")
                .setPromptTokens(IntStream.of(tokens.prompt()).boxed().toList())
                .setResponseTokens(IntStream.of(tokens.response()).boxed().toList())
                .setText("")
                .setBehaviourLogProbs(
                        IntStream.range(0, length).mapToObj(t -> -2.4f).toList())
                .setPolicySegments(List.of(new PolicySegment(length, policyVersion, "")))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 8))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(sampledAt)
                .build();
        Verdict verdict = Verdict.newBuilder()
                .setRolloutId(rollout.getRolloutId())
                .setRequestId(requestId(index))
                .setVerifier("exact")
                .setVerifierVersion("1")
                .setStatus(reward > 0 ? VerdictStatus.CORRECT : VerdictStatus.INCORRECT)
                .setReward(reward)
                .setRule("equal")
                .setJudgedAt(Instant.EPOCH)
                .build();
        return TrainingSample.newBuilder()
                .setRollout(rollout)
                .setVerdict(verdict)
                .setValue(value)
                .setReward(reward)
                .setEstimator("sppo")
                .setSegments(List.of(new AdvantageSegment(length, reward - value.getProbability(), true)))
                .setEstimatedAt(Instant.EPOCH)
                .build();
    }

    /** The same sample as one of a group. */
    static TrainingSample ofGroup(TrainingSample sample, int index, int samples, int groupSamples) {
        String rolloutId = sample.getRollout().getRequestId() + "/" + index;
        return TrainingSample.newBuilder(sample)
                .setRollout(Rollout.newBuilder(sample.getRollout())
                        .setRolloutId(rolloutId)
                        .setSampleIndex(index)
                        .setSamples(samples)
                        .build())
                .setVerdict(Verdict.newBuilder(sample.getVerdict())
                        .setRolloutId(rolloutId)
                        .build())
                .setGroupSamples(groupSamples)
                .build();
    }

    /** A step of another model, without samples. */
    static TrainingStep step(ModelKind kind, int step) {
        return new TrainingStep(
                kind.id(),
                step,
                step - 1,
                step,
                "",
                "",
                List.of(),
                0L,
                List.of(),
                "",
                Map.of(),
                Instant.EPOCH,
                Instant.EPOCH,
                Recovery.NONE,
                0L,
                List.of());
    }

    /** A rollout that expired because its verifier failed. */
    static Expired infraError(int index) {
        return new Expired(
                requestId(index),
                requestId(index) + "/0",
                ExpiryReason.INFRA_ERROR,
                "",
                "advantage-stream",
                Instant.EPOCH,
                0);
    }

    /** Resumes the policy learner. */
    static LearnerState running() {
        return new LearnerState(ModelKind.POLICY.id(), LearnerStatus.RUNNING, null, "", 0, "operator", Instant.EPOCH);
    }
}
