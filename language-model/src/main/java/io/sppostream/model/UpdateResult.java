package io.sppostream.model;

/**
 * The result of one optimizer step.
 *
 * @param gradientNorm Euclidean norm over all parameters, before clipping
 * @param applied false if the norm is NaN or infinite: parameters and optimizer state are then unchanged
 */
public record UpdateResult(double gradientNorm, boolean applied) {}
