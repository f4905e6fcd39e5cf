package io.sppostream.learn;

import io.sppostream.learn.guard.CircuitBreakerSettings;
import io.sppostream.learn.update.PolicyUpdateSettings;
import io.sppostream.model.ModelSettings.Precision;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.TrainingSettings;

/**
 * Settings of the {@link PolicyLearner} role.
 *
 * @param step size and bookkeeping of a step
 * @param maxLag the hard cap on lag: published versions that a sample's oldest token may lag behind; older samples
 *     expire. Pacing already bounds the lag of samples that are trained in the order of their release. This cap is for
 *     samples that others overtake, and for prompts that no feed paces
 * @param breakers when the learner pauses
 * @param update loss, learning rate and mini-batches
 * @param optimizer AdamW, weight decay and gradient clipping
 * @param training threads and micro-batches
 * @param published precision of the published weights; those in training are in 32 bits
 */
public record PolicyLearnerSettings(
        StepSettings step,
        int maxLag,
        CircuitBreakerSettings breakers,
        PolicyUpdateSettings update,
        OptimizerSettings optimizer,
        TrainingSettings training,
        Precision published) {

    /**
     * The same settings for recorded samples, whose age is a fact: none expires, and no breaker trips on their ratios.
     */
    public PolicyLearnerSettings unguarded() {
        CircuitBreakerSettings off = new CircuitBreakerSettings(0, 1, 1, breakers.window());
        return new PolicyLearnerSettings(step, Integer.MAX_VALUE, off, update, optimizer, training, published);
    }
}
