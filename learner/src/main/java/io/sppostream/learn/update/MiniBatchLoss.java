package io.sppostream.learn.update;

import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import io.sppostream.model.TokenLoss;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The loss of a mini-batch, over the tokens that carry loss:
 *
 * <pre>
 *   L = sum over i, t of L_it / n_i  +  coefficient * sum over i, t of k3_it / m_i
 *
 *   n_i = tokens of the mini-batch                          {@link LossMean#TOKEN}
 *   n_i = responses * tokens of response i                  {@link LossMean#SEQUENCE}
 *   m_i = n_i for TOKEN_LOSS, responses for SEQUENCE_LOSS
 * </pre>
 *
 * <p>The second sum is the penalty for moving away from the reference ({@link ReferenceKl}), which not every objective
 * has. Responses without a token that carries loss do not count. Micro-batches do not affect the denominators.
 */
final class MiniBatchLoss implements TokenLoss {
    /**
     * A sample and the log-probabilities that its loss refers to.
     *
     * @param proximal under the policy that the clip is centred on, shape [T]
     * @param reference under the reference, shape [T]; null if the loss has no penalty
     */
    record Member(PolicySample sample, float[] proximal, float @Nullable [] reference) {}

    private final TokenObjective objective;
    private final LossMean mean;
    private final KlPenalty kl;
    private final List<Member> batch;
    private final boolean beginsStep;
    private final int[] trained;
    private final long tokens;
    private final long responses;

    /** Worker threads fill one slot per sequence. */
    private final @Nullable LossTally[] tallies;

    private final double[] entropies;

    /** @param beginsStep whether the weights have not changed since the step began */
    MiniBatchLoss(TokenObjective objective, LossMean mean, KlPenalty kl, List<Member> batch, boolean beginsStep) {
        this.objective = objective;
        this.mean = mean;
        this.kl = kl;
        this.batch = batch;
        this.beginsStep = beginsStep;
        this.trained = batch.stream()
                .mapToInt(member -> member.sample().trainedTokens())
                .toArray();
        long sum = 0;
        long count = 0;
        for (int each : trained) {
            sum += each;
            count += each > 0 ? 1 : 0;
        }
        this.tokens = sum;
        this.responses = count;
        this.tallies = new @Nullable LossTally[batch.size()];
        this.entropies = new double[batch.size()];
    }

    @Override
    public void entropies(int sequence, float[] ofTokens) {
        double sum = 0;
        for (float each : ofTokens) {
            sum += each;
        }
        entropies[sequence] = sum;
    }

    /** dL / dlogp of each token of a sequence, shape [T]; 0 for tokens that carry no loss. */
    @Override
    public float[] gradient(int sequence, float[] logProbs) {
        Member member = batch.get(sequence);
        PolicySample sample = member.sample();
        float[] reference = member.reference();
        double denominator = mean == LossMean.TOKEN ? tokens : (double) responses * trained[sequence];
        double klDenominator = kl.place() == KlPenalty.Place.SEQUENCE_LOSS ? responses : denominator;
        LossTally tally = new LossTally(logProbs.length, entropies[sequence]);
        float[] gradient = new float[logProbs.length];
        for (int t = 0; t < logProbs.length; t++) {
            float behaviour = sample.behaviourLogProbs()[t];
            if (beginsStep && sample.onPolicy()) {
                tally.addMismatch(ReferenceKl.k3(behaviour, logProbs[t]));
            }
            if (!sample.trained()[t]) {
                continue;
            }
            double advantage = sample.advantages()[t];
            float proximal = member.proximal()[t];
            double ratio = ClippedPolicyLoss.ratio(logProbs[t], proximal);
            double derivative = objective.gradient(logProbs[t], proximal, behaviour, advantage) / denominator;
            double divergence = 0;
            if (reference != null) {
                derivative += kl.coefficient() * ReferenceKl.k3Gradient(logProbs[t], reference[t]) / klDenominator;
                divergence = ReferenceKl.k3(logProbs[t], reference[t]);
            }
            gradient[t] = (float) derivative;
            tally.add(
                    objective.loss(logProbs[t], proximal, behaviour, advantage),
                    divergence,
                    advantage,
                    objective.isClipped(ratio, advantage),
                    objective.isDualClipped(ratio, advantage),
                    logProbs[t],
                    behaviour);
        }
        tally.endOfResponse();
        tallies[sequence] = tally;
        return gradient;
    }

    /**
     * Adds what was measured to that of the step. In the order of the batch, because a floating-point sum depends on its
     * order, and the ledger's metrics must be reproducible.
     */
    void addTo(LossTally step) {
        for (LossTally each : tallies) {
            if (each != null) {
                step.add(each);
            }
        }
    }
}
