package io.sppostream.advantage;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.events.catalogue.VerdictRules;
import io.sppostream.events.list.FloatList;
import io.sppostream.log.EventSerdes;
import java.util.List;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * An input record of the join, decoded and validated. A verdict or value that contradicts itself, or that would bring NaN
 * into training, goes to the DLQ of its topic, as bytes that cannot be decoded do. A rollout of that kind expires.
 */
sealed interface JoinInput {
    /** The request that the record belongs to. */
    String requestId();

    /**
     * A rollout.
     *
     * @param bytes the record's value as it arrived; stored unchanged while the rollout waits
     */
    @SuppressWarnings("ArrayRecordComponent") // Passed on unchanged and never compared.
    record OfRollout(Rollout rollout, byte[] bytes) implements JoinInput {
        @Override
        public String requestId() {
            return rollout.getRequestId();
        }
    }

    /**
     * A rollout that cannot be trained on.
     *
     * @param reason INVALID_ROLLOUT or TOO_LARGE
     * @param violation why, in words
     */
    record OfInvalidRollout(Rollout rollout, ExpiryReason reason, String violation) implements JoinInput {
        @Override
        public String requestId() {
            return rollout.getRequestId();
        }
    }

    /** A verdict on a rollout. */
    record OfVerdict(Verdict verdict) implements JoinInput {
        @Override
        public String requestId() {
            return verdict.getRequestId();
        }
    }

    /** The critic's value of a request's prompt, or of the tokens of a rollout. */
    record OfValue(Value value) implements JoinInput {
        @Override
        public String requestId() {
            return value.getRequestId();
        }
    }

    /** A rollout or request that a role has expired. */
    record OfExpired(Expired expired) implements JoinInput {
        @Override
        public String requestId() {
            return expired.getRequestId();
        }
    }

    /** Reads {@code rollouts}. */
    static Deserializer<JoinInput> rollouts(Topics topics, EventSerdes serdes) {
        Deserializer<Rollout> deserializer = serdes.deserializer(topics.rollouts());
        return (topic, bytes) -> {
            Rollout rollout = deserializer.deserialize(topic, bytes);
            String violation = RolloutRules.violation(rollout);
            if (violation != null) {
                return new OfInvalidRollout(rollout, ExpiryReason.INVALID_ROLLOUT, violation);
            }
            return bytes.length <= RolloutRules.MAX_BYTES
                    ? new OfRollout(rollout, bytes)
                    : new OfInvalidRollout(
                            rollout,
                            ExpiryReason.TOO_LARGE,
                            "a rollout of " + bytes.length + " bytes: at most " + RolloutRules.MAX_BYTES
                                    + " can be trained on");
        };
    }

    /** Reads {@code verdicts}. */
    static Deserializer<JoinInput> verdicts(Topics topics, EventSerdes serdes) {
        Deserializer<Verdict> deserializer = serdes.deserializer(topics.verdicts());
        return (topic, bytes) -> new OfVerdict(VerdictRules.bounded(checked(deserializer.deserialize(topic, bytes))));
    }

    /** Reads {@code values}. */
    static Deserializer<JoinInput> values(Topics topics, EventSerdes serdes) {
        Deserializer<Value> deserializer = serdes.deserializer(topics.values());
        return (topic, bytes) -> new OfValue(checked(deserializer.deserialize(topic, bytes)));
    }

    /** Reads {@code expired}. */
    static Deserializer<JoinInput> expired(Topics topics, EventSerdes serdes) {
        Deserializer<Expired> deserializer = serdes.deserializer(topics.expired());
        return (topic, bytes) -> new OfExpired(deserializer.deserialize(topic, bytes));
    }

    private static Verdict checked(Verdict verdict) {
        Double reward = verdict.getReward();
        require(reward == null || (reward >= 0 && reward <= 1), "reward " + reward + " is not in [0, 1]");
        require(
                RolloutIds.belongsTo(verdict.getRolloutId(), verdict.getRequestId()),
                "rolloutId '" + verdict.getRolloutId() + "' is not requestId/sampleIndex");
        return verdict;
    }

    private static Value checked(Value value) {
        double probability = value.getProbability();
        require(probability >= 0 && probability <= 1, "probability " + probability + " is not in [0, 1]");
        String rolloutId = value.getRolloutId();
        List<Float> ofTokens = value.getTokenValues();
        require((rolloutId == null) == (ofTokens == null), "values of tokens are those of a rollout");
        if (rolloutId != null && ofTokens != null) {
            require(
                    RolloutIds.belongsTo(rolloutId, value.getRequestId()),
                    "rolloutId '" + rolloutId + "' is not requestId/sampleIndex");
            FloatList values = FloatList.from(ofTokens);
            for (int t = 0; t < values.size(); t++) {
                require(Float.isFinite(values.at(t)), "the value before token " + t + " is " + values.at(t));
            }
        }
        return value;
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new SerializationException(otherwise);
        }
    }
}
