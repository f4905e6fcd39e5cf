package io.sppostream.learn;

import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.TrainingSettings;

/**
 * Settings of the {@link Critic} role.
 *
 * @param step size and bookkeeping of a step
 * @param update learning rate and mini-batches
 * @param optimizer AdamW, weight decay and gradient clipping
 * @param training threads and micro-batches
 * @param scores whether it scores besides training; otherwise {@link CriticScorer}s do
 */
public record CriticSettings(
        StepSettings step,
        CriticUpdateSettings update,
        OptimizerSettings optimizer,
        TrainingSettings training,
        boolean scores) {}
