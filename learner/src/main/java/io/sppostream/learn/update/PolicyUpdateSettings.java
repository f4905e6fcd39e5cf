package io.sppostream.learn.update;

/**
 * Settings of a {@link PolicyUpdate}.
 *
 * @param objective what is minimized
 * @param loss the clips of the policy gradient
 * @param decoupled whether the clip is centred on the policy that the step began with ({@link DecoupledPolicyLoss}), or
 *     on the behaviour policy
 * @param learningRate by step
 * @param miniBatches optimizer steps per training step
 * @param frozenSteps first steps in which nothing is trained, while the critic warms up; the learning rate counts the steps
 *     after them
 * @param temperature divides the logits before their log-softmax, as it did when the response was sampled
 */
public record PolicyUpdateSettings(
        PolicyObjective objective,
        ClippedPolicyLoss loss,
        boolean decoupled,
        LearningRate learningRate,
        int miniBatches,
        int frozenSteps,
        double temperature) {}
