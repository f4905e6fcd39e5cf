package io.sppostream.learn.update;

import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import java.util.Arrays;
import java.util.List;

/** One step of supervised warm-up on the negative log-likelihood of responses, as a mean over the [B, T] tokens. */
public final class SupervisedUpdate {
    private final PolicyTrainer trainer;

    public SupervisedUpdate(PolicyTrainer trainer) {
        this.trainer = trainer;
    }

    /**
     * Trains on a batch.
     *
     * @param batch prompts, shape [P], and the responses to learn, shape [T]
     * @return the loss before the step, in nats per token
     */
    public double apply(List<TokenSequence> batch, double learningRate) {
        long tokens = batch.stream().mapToLong(s -> s.response().length).sum();
        double[] losses = new double[batch.size()];
        trainer.update(batch, 1, learningRate, (i, logProbs) -> {
            for (float logProb : logProbs) {
                losses[i] -= logProb / tokens;
            }
            float[] gradient = new float[logProbs.length];
            Arrays.fill(gradient, -1f / tokens);
            return gradient;
        });
        return Arrays.stream(losses).sum();
    }
}
