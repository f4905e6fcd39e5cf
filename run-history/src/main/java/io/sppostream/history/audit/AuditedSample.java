package io.sppostream.history.audit;

/**
 * A training sample, as far as the ledger is compared with it.
 *
 * @param offset on its partition of {@code advantages}
 * @param status of its rollout
 * @param policyVersion the oldest version that sampled any of its tokens
 * @param criticVersion the version that scored its prompt; -1 if it has no value
 */
record AuditedSample(long offset, RolloutStatus status, int policyVersion, int criticVersion) {}
