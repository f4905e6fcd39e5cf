package io.sppostream.learn.update;

import io.sppostream.model.TokenLoss;
import java.util.Arrays;
import java.util.List;

/** The loss of a mini-batch of the critic: the mean of {@link CriticObjective} over the values that carry loss. */
final class CriticMiniBatch implements TokenLoss {
    private final CriticObjective objective;
    private final List<CriticSample> batch;
    private final int trained;

    /** Worker threads fill one slot per sample. */
    private final double[] losses;

    private final int[] clipped;

    CriticMiniBatch(CriticObjective objective, List<CriticSample> batch) {
        this.objective = objective;
        this.batch = batch;
        this.trained = batch.stream().mapToInt(CriticSample::trainedValues).sum();
        this.losses = new double[batch.size()];
        this.clipped = new int[batch.size()];
    }

    /** dL / dz of each value of a sample, shape [V]; 0 for values that carry no loss. */
    @Override
    public float[] gradient(int sample, float[] outputs) {
        CriticSample of = batch.get(sample);
        float[] gradient = new float[outputs.length];
        for (int i = 0; i < gradient.length; i++) {
            if (of.trained()[i]) {
                double target = of.targets()[i];
                double recorded = of.values()[i];
                losses[sample] += objective.loss(outputs[i], target, recorded);
                clipped[sample] += objective.isClipped(outputs[i], target, recorded) ? 1 : 0;
                gradient[i] = (float) (objective.gradient(outputs[i], target, recorded) / trained);
            }
        }
        return gradient;
    }

    /** Sum of the losses, once the gradients were asked for. */
    double loss() {
        return Arrays.stream(losses).sum();
    }

    /** Number of values whose clipped loss counts, once the gradients were asked for. */
    int clipped() {
        return Arrays.stream(clipped).sum();
    }
}
