package io.sppostream.history.audit;

import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RolloutIds;

/** What an audit keeps of a record until it checks the record's request. */
sealed interface Fact {

    /** The request that the record belongs to. */
    String requestId();

    /** A prompt asks for samples. */
    record Asked(String requestId, int samples) implements Fact {}

    /** @param digest of the value; see {@link EventEncoding#digest} */
    record Scored(String requestId, long digest) implements Fact {}

    /** A request has expired, with all of its rollouts. */
    record RequestExpired(String requestId) implements Fact {}

    /** What a record says of one rollout. */
    sealed interface OfRollout extends Fact {
        String rolloutId();

        @Override
        default String requestId() {
            return RolloutIds.requestId(rolloutId());
        }
    }

    /** @param digest of the rollout */
    record Answered(String rolloutId, long digest) implements OfRollout {}

    /** @param digest of the verdict */
    record Judged(String rolloutId, long digest) implements OfRollout {}

    /** The advantage stream has refused a record of this rollout. */
    record RolloutRefused(String rolloutId) implements OfRollout {}

    /** A rollout has expired. */
    record RolloutExpired(String rolloutId) implements OfRollout {}

    /** A rollout was judged, and only served to estimate the advantages of others. */
    record RolloutEvidence(String rolloutId) implements OfRollout {}

    /**
     * A training sample.
     *
     * @param partition of {@code advantages}
     * @param offset on the partition
     * @param policyVersion the version that sampled its first tokens
     * @param criticVersion the version that scored its prompt; -1 if it has no value
     * @param rollout digest of the rollout that it holds
     * @param verdicts digests of the verdicts that it holds
     * @param values digests of the value that it holds; empty if it has none
     * @param redelivered whether it is a second copy of a sample that a model had refused
     */
    record Sampled(
            String rolloutId,
            int partition,
            long offset,
            int policyVersion,
            int criticVersion,
            long rollout,
            long[] verdicts,
            long[] values,
            boolean redelivered)
            implements OfRollout {}

    /**
     * What the group of a rollout needs of it.
     *
     * @param rollout in its encoding
     */
    @SuppressWarnings("ArrayRecordComponent") // Passed on unchanged and never compared.
    record Recorded(String rolloutId, byte[] rollout) implements OfRollout {}

    /**
     * A verdict, of which the group of its rollout may need the reward.
     *
     * @param verdict in its encoding
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Opinion(String rolloutId, byte[] verdict) implements OfRollout {}

    /**
     * The credit of a training sample.
     *
     * @param credit digest of its advantages
     * @param value in its encoding; empty if the sample has none
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Credited(String rolloutId, String estimator, double reward, int groupSamples, long credit, byte[] value)
            implements OfRollout {}

    /**
     * An entry of the ledger.
     *
     * @param ledgerOffset of the step's record on the ledger
     * @param partition of the sample, by the ledger
     * @param offset of the sample, by the ledger
     */
    record Trained(
            String rolloutId,
            ModelKind kind,
            int step,
            int fromVersion,
            int policyLag,
            long ledgerOffset,
            int partition,
            long offset)
            implements OfRollout {}
}
