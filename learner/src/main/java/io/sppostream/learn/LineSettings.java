package io.sppostream.learn;

/**
 * What both learners' steps have in common.
 *
 * @param seed shuffles the samples of a step
 * @param batchSize samples a step
 * @param snapshotInterval every so many versions the optimizer's state is published with the weights; a crash has up to
 *     so many steps trained again
 * @param configurationSha256 hash of the run's configuration, for the ledger
 */
public record LineSettings(long seed, int batchSize, int snapshotInterval, String configurationSha256) {}
