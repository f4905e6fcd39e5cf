package io.sppostream.model;

/**
 * What became of one optimizer step.
 *
 * @param gradientNorm Euclidean norm over all parameters, before clipping
 * @param applied false where the norm was not finite: parameters and optimizer state are as before
 */
public record UpdateResult(double gradientNorm, boolean applied) {}
