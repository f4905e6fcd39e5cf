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
 * A record that the join takes in, decoded and checked. What contradicts itself, or would put a number into training
 * that is none, is refused like bytes that can't be decoded, and goes to the dead letters.
 */
sealed interface JoinInput {
    /**
     * A rollout.
     *
     * @param bytes the record's value as it arrived, which is kept as it is while the rollout waits
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on as it is and compared nowhere.
    record OfRollout(Rollout rollout, byte[] bytes) implements JoinInput {}

    /** A verdict. */
    record OfVerdict(Verdict verdict) implements JoinInput {}

    /** A value. */
    record OfValue(Value value) implements JoinInput {}

    /** What another role lets go of. */
    record OfExpired(Expired expired) implements JoinInput {}

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
