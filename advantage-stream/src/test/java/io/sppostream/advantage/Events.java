package io.sppostream.advantage;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.list.FloatList;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The events of a request. */
final class Events {
    private Events() {}

    /** An event as the join receives it. The bytes of a rollout are empty. */
    static JoinInput input(SpecificRecord event) {
        if (event instanceof Rollout rollout) {
            return new JoinInput.OfRollout(rollout, new byte[0]);
        } else if (event instanceof Verdict verdict) {
            return new JoinInput.OfVerdict(verdict);
        } else if (event instanceof Expired expired) {
            return new JoinInput.OfExpired(expired);
        }
        return new JoinInput.OfValue((Value) event);
    }

    /** One of a request's responses, of three tokens. */
    static Rollout rollout(String requestId, int sample, int samples) {
        return rollout(requestId, sample, samples, "addition");
    }

    static Rollout rollout(String requestId, int sample, int samples, String dataset) {
        return Rollout.newBuilder()
                .setRolloutId(requestId + "/" + sample)
                .setRequestId(requestId)
                .setPromptId("p-1")
                .setDataset(dataset)
                .setMessages(List.of(new Message("user", "12+30=")))
                .setReference("42")
                .setSampleIndex(sample)
                .setSamples(samples)
                .setPromptTokens(List.of(1, 2, 10, 3, 0, 11))
                .setResponseTokens(List.of(4, 2, 12))
                .setText("42")
                .setBehaviourLogProbs(List.of(-0.5f, -0.25f, -0.125f))
                .setPolicySegments(List.of(
                        new PolicySegment(3, 7, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 4))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
    }

    /** A verdict of reward 1 or 0. */
    static Verdict verdict(String requestId, int sample, boolean correct) {
        return verdict(
                requestId, sample, correct ? VerdictStatus.CORRECT : VerdictStatus.INCORRECT, correct ? 1.0 : 0.0);
    }

    static Verdict verdict(String requestId, int sample, VerdictStatus status, @Nullable Double reward) {
        return verdict("exact", requestId, sample, status, reward);
    }

    static Verdict verdict(
            String verifier, String requestId, int sample, VerdictStatus status, @Nullable Double reward) {
        return verdict(verifier, requestId, sample, status, reward, false);
    }

    static Verdict verdict(
            String verifier,
            String requestId,
            int sample,
            VerdictStatus status,
            @Nullable Double reward,
            boolean shadow) {
        return new Verdict(
                requestId + "/" + sample,
                requestId,
                verifier,
                "1",
                status,
                reward,
                "42",
                "equal",
                Instant.EPOCH,
                Map.of(),
                shadow);
    }

    /** The producer's refusal to answer a prompt. */
    static Expired refusal(String requestId, int sample) {
        return expired(requestId, requestId + "/" + sample, "rollout-producer");
    }

    static Expired expired(String requestId, @Nullable String rolloutId, String decidedBy) {
        return new Expired(requestId, rolloutId, ExpiryReason.INVALID_PROMPT, "too long", decidedBy, Instant.EPOCH, 0);
    }

    /** Values of the tokens of a rollout. */
    static Value tokenValues(String requestId, int sample, float... values) {
        return new Value(
                requestId,
                5,
                "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                values[0],
                0.5,
                FloatList.of(values),
                Instant.EPOCH,
                null,
                requestId + "/" + sample);
    }

    /** A value of a prompt that was released at the start of a {@link JoinDriver}. */
    static Value value(String requestId, double probability) {
        return value(requestId, probability, JoinDriver.START);
    }

    static Value value(String requestId, double probability, @Nullable Instant releasedAt) {
        return new Value(
                requestId,
                5,
                "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                (float) Math.log(probability / (1 - probability)),
                probability,
                null,
                Instant.EPOCH,
                releasedAt,
                null);
    }
}
