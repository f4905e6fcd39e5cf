package io.sppostream.advantage;

import io.sppostream.events.Expired;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * An input record of the join, decoded and validated. A record that contradicts itself, or that would bring NaN or an
 * infinite number into training, goes to the DLQ of its topic, as bytes that cannot be decoded do.
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

    /** A verdict on a rollout. */
    record OfVerdict(Verdict verdict) implements JoinInput {
        @Override
        public String requestId() {
            return verdict.getRequestId();
        }
    }

    /** The critic's value of a request's prompt. */
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
        return (topic, bytes) -> new OfRollout(checked(deserializer.deserialize(topic, bytes)), bytes);
    }

    /** Reads {@code verdicts}. */
    static Deserializer<JoinInput> verdicts(Topics topics, EventSerdes serdes) {
        Deserializer<Verdict> deserializer = serdes.deserializer(topics.verdicts());
        return (topic, bytes) -> new OfVerdict(checked(deserializer.deserialize(topic, bytes)));
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

    private static Rollout checked(Rollout rollout) {
        int tokens = rollout.getResponseTokens().size();
        int logProbs = rollout.getBehaviourLogProbs().size();
        int sample = rollout.getSampleIndex();
        require(tokens > 0, "a rollout without response tokens");
        require(logProbs == tokens, logProbs + " log-probabilities for " + tokens + " response tokens");
        require(
                sample >= 0 && sample < rollout.getSamples(),
                "sample " + sample + " of a request that wants " + rollout.getSamples());
        require(
                rollout.getRolloutId().equals(RolloutIds.of(rollout.getRequestId(), sample)),
                "rolloutId '" + rollout.getRolloutId() + "' is not requestId/sampleIndex");
        return rollout;
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
        return value;
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new SerializationException(otherwise);
        }
    }
}
