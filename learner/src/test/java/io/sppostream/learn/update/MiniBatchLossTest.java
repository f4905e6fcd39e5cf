package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.KlPenalty.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MiniBatchLossTest {
    /** Responses of one, two and no tokens that carry loss. */
    private static final List<PolicySample> BATCH = List.of(
            Samples.of("a", "+-", new double[] {1, 9}, -1, -1),
            Samples.of("b", "+-+", new double[] {-0.5, 9, 2}, -1, -1, -1),
            Samples.of("c", "-", new double[] {9}, -1));

    private static final float[][] LOG_PROBS = {{-1.0625f, -1}, {-0.9375f, -1, -1.125f}, {-1}};
    private static final float[][] REFERENCE = {{-0.5f, -1}, {-1.5f, -1, -1}, {-2}};

    private static PolicyObjective objective(TrainingRecipe.Objective objective, LossMean mean, Place place) {
        return PolicyObjective.of(TrainingRecipe.of(objective).withKl(place, place == Place.NONE ? 0 : 0.25), mean);
    }

    private static PolicyObjective objective(LossMean mean, Place place) {
        return objective(new TrainingRecipe.PolicyGradient(), mean, place);
    }

    private static MiniBatchLoss loss(PolicyObjective objective) {
        List<MiniBatchLoss.Member> members = new ArrayList<>();
        for (int i = 0; i < BATCH.size(); i++) {
            members.add(new MiniBatchLoss.Member(
                    BATCH.get(i),
                    BATCH.get(i).behaviourLogProbs(),
                    objective.kl().place() == Place.NONE ? null : REFERENCE[i]));
        }
        return new MiniBatchLoss(
                objective.isPolicyGradient()
                        ? new DecoupledPolicyLoss(new ClippedPolicyLoss(0.2, 3))
                        : new LogLikelihoodLoss(),
                objective.mean(),
                objective.kl(),
                members,
                true);
    }

    private static float[][] gradients(PolicyObjective objective, float[][] logProbs) {
        MiniBatchLoss loss = loss(objective);
        float[][] gradients = new float[logProbs.length][];
        for (int i = 0; i < logProbs.length; i++) {
            gradients[i] = loss.gradient(i, logProbs[i]);
        }
        return gradients;
    }

    private static Map<String, Double> metrics(PolicyObjective objective, float[][] logProbs) {
        MiniBatchLoss loss = loss(objective);
        for (int i = 0; i < logProbs.length; i++) {
            loss.gradient(i, logProbs[i]);
        }
        LossTally tally = new LossTally(0, 0);
        loss.addTo(tally);
        return tally.metrics(objective);
    }

    private static double value(PolicyObjective objective, float[][] logProbs) {
        return metrics(objective, logProbs).getOrDefault("loss", Double.NaN);
    }

    private static float[][] moved(int sequence, int token, float by) {
        float[][] moved = new float[LOG_PROBS.length][];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = LOG_PROBS[i].clone();
        }
        moved[sequence][token] += by;
        return moved;
    }

    /** With the ratios exp(-1/16), exp(1/16) and exp(-1/8), no clip applies. */
    @Test
    void shouldAverageOverTokensOrOverResponses() {
        double a = -Math.exp(-0.0625);
        double b = 0.5 * Math.exp(0.0625);
        double c = -2 * Math.exp(-0.125);

        assertThat(value(objective(LossMean.TOKEN, Place.NONE), LOG_PROBS)).isCloseTo((a + b + c) / 3, within(1e-12));
        assertThat(value(objective(LossMean.SEQUENCE, Place.NONE), LOG_PROBS))
                .isCloseTo((a + (b + c) / 2) / 2, within(1e-12));
        float[][] ofTokens = gradients(objective(LossMean.TOKEN, Place.NONE), LOG_PROBS);
        assertThat(ofTokens[0]).containsExactly(new float[] {(float) (a / 3), 0}, within(1e-7f));
        assertThat(ofTokens[1]).containsExactly(new float[] {(float) (b / 3), 0, (float) (c / 3)}, within(1e-7f));
        float[][] ofResponses = gradients(objective(LossMean.SEQUENCE, Place.NONE), LOG_PROBS);
        assertThat(ofResponses[0]).containsExactly(new float[] {(float) (a / 2), 0}, within(1e-7f));
        assertThat(ofResponses[1]).containsExactly(new float[] {(float) (b / 4), 0, (float) (c / 4)}, within(1e-7f));
    }

    @Test
    void shouldMeasureTrainedTokensAlone() {
        Map<String, Double> metrics = metrics(objective(LossMean.TOKEN, Place.NONE), LOG_PROBS);

        assertThat(metrics.get("response_tokens")).isEqualTo(6);
        assertThat(metrics.get("trained_tokens")).isEqualTo(3);
        assertThat(metrics.get("approximate_kl")).isCloseTo(0.125 / 3, within(1e-12));
        assertThat(metrics.get("ratio_max")).isCloseTo(Math.exp(0.0625), within(1e-12));
    }

    /** k3 by hand: d = 9/16, -9/16 and 1/8. */
    @Test
    void shouldAddThePenaltyAsItsPlaceSays() {
        double k = Math.expm1(0.5625) - 0.5625;
        double l = Math.expm1(-0.5625) + 0.5625;
        double m = Math.expm1(0.125) - 0.125;
        double ofTokens = value(objective(LossMean.TOKEN, Place.NONE), LOG_PROBS);
        double ofResponses = value(objective(LossMean.SEQUENCE, Place.NONE), LOG_PROBS);

        assertThat(value(objective(LossMean.TOKEN, Place.TOKEN_LOSS), LOG_PROBS))
                .isCloseTo(ofTokens + 0.25 * (k + l + m) / 3, within(1e-12));
        assertThat(value(objective(LossMean.SEQUENCE, Place.TOKEN_LOSS), LOG_PROBS))
                .isCloseTo(ofResponses + 0.25 * (k + (l + m) / 2) / 2, within(1e-12));
        assertThat(value(objective(LossMean.TOKEN, Place.SEQUENCE_LOSS), LOG_PROBS))
                .isCloseTo(ofTokens + 0.25 * (k + l + m) / 2, within(1e-12));
        assertThat(metrics(objective(LossMean.TOKEN, Place.SEQUENCE_LOSS), LOG_PROBS)
                        .get("reference_kl"))
                .isCloseTo((k + l + m) / 3, within(1e-12));
    }

    @Test
    void shouldBeTheNegativeLogLikelihoodWhenSupervised() {
        PolicyObjective supervised = objective(new TrainingRecipe.Supervised(), LossMean.TOKEN, Place.NONE);

        assertThat(value(supervised, LOG_PROBS)).isCloseTo((1.0625 + 0.9375 + 1.125) / 3, within(1e-12));
        float[][] gradients = gradients(supervised, LOG_PROBS);
        assertThat(gradients[0]).containsExactly(new float[] {-1 / 3f, 0}, within(1e-7f));
        assertThat(gradients[2]).containsExactly(0);
    }

    @Test
    void shouldHaveTheGradientOfFiniteDifferences() {
        float step = 1f / 1024;
        for (TrainingRecipe.Objective kind :
                List.of(new TrainingRecipe.PolicyGradient(), new TrainingRecipe.Supervised())) {
            for (LossMean mean : LossMean.values()) {
                for (Place place : List.of(Place.NONE, Place.TOKEN_LOSS, Place.SEQUENCE_LOSS)) {
                    PolicyObjective objective = objective(kind, mean, place);
                    float[][] gradients = gradients(objective, LOG_PROBS);
                    for (int i = 0; i < LOG_PROBS.length; i++) {
                        for (int t = 0; t < LOG_PROBS[i].length; t++) {
                            double slope = (value(objective, moved(i, t, step)) - value(objective, moved(i, t, -step)))
                                    / (2 * step);
                            assertThat((double) gradients[i][t])
                                    .as("%s, token %d of response %d", objective, t, i)
                                    .isCloseTo(slope, within(1e-6));
                        }
                    }
                }
            }
        }
    }
}
