package io.sppostream.history.audit;

/**
 * The checks of the ledger, shared by policy and critic.
 *
 * @param steps of the steps themselves
 * @param samples of the samples of the steps
 * @param offsets of the offsets that the steps consumed
 */
record LedgerChecks(Check steps, Check samples, Check offsets) {}
