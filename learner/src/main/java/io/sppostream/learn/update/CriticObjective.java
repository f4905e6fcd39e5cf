package io.sppostream.learn.update;

import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.TrainingRecipe.CriticLoss;
import io.sppostream.estimator.TrainingRecipe.CriticLoss.Function;

/**
 * What a {@link CriticUpdate} minimizes, of one output z of the critic's head, its target G and the value V_old that the
 * log has:
 *
 * <pre>
 *   squared error:   V = z            l(V) = (V - G)^2 / 2
 *   cross-entropy:   V = sigmoid(z)   l(V) = -G log V - (1 - G) log(1 - V)
 *   L = max( l(V), l(clip(V, V_old - c, V_old + c)) )      L = l(V) if c is 0
 * </pre>
 *
 * <p>Squared error with clipping is the value loss of PPO as verl computes it, where the paper of PPO (arXiv 1707.06347,
 * equation 9) does not clip. Cross-entropy without clipping is the value loss of SPPO (arXiv 2604.08865). Targets of the
 * cross-entropy are bounded to [0, 1].
 *
 * @param kind what is scored: prompts, or the tokens of responses
 * @param function the form of the loss
 * @param clip c, how far a value may move from the recorded one; 0 for no clipping
 */
public record CriticObjective(CriticKind kind, Function function, double clip) {
    /** The objective of SPPO. */
    public static final CriticObjective SPPO = new CriticObjective(CriticKind.PROMPT, Function.BINARY_CROSS_ENTROPY, 0);

    /** @throws IllegalArgumentException if there is nothing to score or to minimize */
    public CriticObjective {
        if (kind == CriticKind.NONE || function == Function.NONE) {
            throw new IllegalArgumentException(
                    "a critic needs something to score and a loss: " + kind + ", " + function);
        }
    }

    /** The objective of an estimator's recipe. */
    public static CriticObjective of(CriticKind kind, CriticLoss loss) {
        return new CriticObjective(kind, loss.function(), loss.clip());
    }

    /** Whether the critic scores the tokens of responses rather than prompts. */
    public boolean ofTokens() {
        return kind == CriticKind.TOKEN;
    }

    /** V of an output: the output itself for squared error, its sigmoid for cross-entropy. */
    public double value(double output) {
        return switch (function) {
            case SQUARED_ERROR -> output;
            case BINARY_CROSS_ENTROPY, NONE -> ValueLoss.probability(output);
        };
    }

    /** V of each output, in the precision of the log, shape [T]. */
    public float[] values(float[] outputs) {
        float[] values = new float[outputs.length];
        for (int t = 0; t < values.length; t++) {
            values[t] = (float) value(outputs[t]);
        }
        return values;
    }

    /** L. */
    public double loss(double output, double target, double recorded) {
        double loss = unclipped(output, target);
        return clip == 0 ? loss : Math.max(loss, clipped(output, target, recorded));
    }

    /** dL / dz. It is 0 for a value that has moved further than c, unless it lies farther from the target than before. */
    public double gradient(double output, double target, double recorded) {
        return isClipped(output, target, recorded)
                ? 0
                : switch (function) {
                    case SQUARED_ERROR -> output - target;
                    case BINARY_CROSS_ENTROPY, NONE -> ValueLoss.gradient(output, probability(target));
                };
    }

    /** Whether the loss is that of the clipped value. */
    public boolean isClipped(double output, double target, double recorded) {
        return clip > 0 && clipped(output, target, recorded) > unclipped(output, target);
    }

    private double unclipped(double output, double target) {
        return switch (function) {
            case SQUARED_ERROR -> (output - target) * (output - target) / 2;
            case BINARY_CROSS_ENTROPY, NONE -> ValueLoss.loss(output, probability(target));
        };
    }

    /** The loss of the value clipped to V_old +- c. A value that clipping moves lies inside (0, 1) if V_old does. */
    private double clipped(double output, double target, double recorded) {
        double value = value(output);
        double bounded = Math.max(recorded - clip, Math.min(recorded + clip, value));
        if (bounded == value) {
            return unclipped(output, target);
        }
        return switch (function) {
            case SQUARED_ERROR -> (bounded - target) * (bounded - target) / 2;
            case BINARY_CROSS_ENTROPY, NONE ->
                -probability(target) * Math.log(bounded) - (1 - probability(target)) * Math.log1p(-bounded);
        };
    }

    /** A target of the cross-entropy: a return may lie outside of [0, 1], if only by rounding. */
    private static double probability(double target) {
        return Math.max(0, Math.min(1, target));
    }
}
