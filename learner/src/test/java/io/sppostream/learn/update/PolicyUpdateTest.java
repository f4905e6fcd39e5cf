package io.sppostream.learn.update;

import static java.lang.Double.NaN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.learn.TestModels;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PolicyUpdateTest {
    private static final double TEMPERATURE = 0.7;

    private final PolicyModel policy = PolicyModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
    private final PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, TestModels.TRAINING);

    @AfterEach
    void close() {
        trainer.close();
        policy.close();
    }

    private PolicyUpdate update(double rate, int miniBatches) {
        return update(rate, miniBatches, false);
    }

    private PolicyUpdate update(double rate, int miniBatches, boolean decoupled) {
        return new PolicyUpdate(
                trainer,
                new PolicyUpdateSettings(
                        new ClippedPolicyLoss(0.2, 3), decoupled, new LearningRate(rate, 0), miniBatches, TEMPERATURE));
    }

    /**
     * A sample whose tokens are more probable under the current policy than under the behaviour policy by these ratios.
     */
    private PolicySample sample(TokenSequence tokens, double advantage, double... ratios) {
        float[] behaviour = policy.logProbs(List.of(tokens), TEMPERATURE)[0];
        for (int t = 0; t < behaviour.length; t++) {
            behaviour[t] -= (float) Math.log(ratios[t]);
        }
        double[] advantages = new double[behaviour.length];
        Arrays.fill(advantages, advantage);
        return new PolicySample("r", tokens, behaviour, advantages);
    }

    /** Samples whose behaviour policy is the current policy. */
    private List<PolicySample> onPolicy(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return TestModels.sequences(count, seed).stream()
                .map(tokens -> sample(tokens, random.nextDouble(-1, 1), ones(tokens.response().length)))
                .toList();
    }

    private static double[] ones(int length) {
        return IntStream.range(0, length).mapToDouble(t -> 1).toArray();
    }

    private static PolicySample scaled(PolicySample sample, double factor) {
        return new PolicySample(
                sample.rolloutId(),
                sample.tokens(),
                sample.behaviourLogProbs(),
                Arrays.stream(sample.advantages()).map(a -> a * factor).toArray());
    }

    /** Two tokens of A = 0.5 with losses -0.5 and -0.6, three of A = -0.5 with 0.4, 0.5 and 1.5. */
    @Test
    void shouldMeasureTheTokenMeanWhenComputedByHand() {
        TokenSequence two = new TokenSequence(new int[] {1, 2, 3}, new int[] {4, 5});
        TokenSequence three = new TokenSequence(new int[] {6}, new int[] {7, 8, 9});
        List<PolicySample> order = List.of(sample(two, 0.5, 1, 1.5), sample(three, -0.5, 0.5, 1, 4));

        Map<String, Double> metrics = update(0, 1).apply(1, order);

        assertThat(metrics.get("response_tokens")).isEqualTo(5);
        assertThat(metrics.get("loss")).isCloseTo(1.3 / 5, within(1e-5));
        assertThat(metrics.get("clip_fraction")).isEqualTo(2.0 / 5);
        assertThat(metrics.get("dual_clip_fraction")).isEqualTo(1.0 / 5);
        assertThat(metrics.get("approximate_kl")).isCloseTo(-Math.log(3) / 5, within(1e-5));
        assertThat(metrics.get("ratio_mean")).isCloseTo(8.0 / 5, within(1e-5));
        assertThat(metrics.get("ratio_max")).isCloseTo(4, within(1e-4));
        assertThat(metrics.get("effective_sample_size")).isCloseTo(64 / (5 * 20.5), within(1e-5));
        assertThat(metrics.get("skipped_updates")).isZero();
    }

    @Test
    void shouldHaveRatioOneEverywhereWhenTheBehaviourIsThePolicy() {
        List<PolicySample> order = onPolicy(20, 1);
        double meanAdvantage = order.stream()
                .flatMapToDouble(s -> Arrays.stream(s.advantages()))
                .average()
                .orElseThrow();

        Map<String, Double> metrics = update(1e-3, 1).apply(1, order);

        assertThat(metrics.get("ratio_max")).isCloseTo(1, within(1e-5));
        assertThat(metrics.get("clip_fraction")).isZero();
        assertThat(metrics.get("dual_clip_fraction")).isZero();
        assertThat(metrics.get("approximate_kl")).isCloseTo(0, within(1e-6));
        assertThat(metrics.get("loss")).isCloseTo(-meanAdvantage, within(1e-6));
        assertThat(metrics.get("learning_rate")).isEqualTo(1e-3);
    }

    /**
     * The first mini-batch of a step has pi = pi_proximal. So no clip applies, and the loss is -A min(r, 2) with the
     * ratio r of policy to behaviour policy: -0.5 (1 + 1.5) for the first sample, 0.5 (0.5 + 1 + 2) for the second.
     */
    @Test
    void shouldWeightByTheProximalPolicyWhenDecoupled() {
        TokenSequence two = new TokenSequence(new int[] {1, 2, 3}, new int[] {4, 5});
        TokenSequence three = new TokenSequence(new int[] {6}, new int[] {7, 8, 9});
        List<PolicySample> order = List.of(sample(two, 0.5, 1, 1.5), sample(three, -0.5, 0.5, 1, 4));

        Map<String, Double> metrics = update(0, 1, true).apply(1, order);

        assertThat(metrics.get("loss")).isCloseTo(0.5 / 5, within(1e-5));
        assertThat(metrics.get("clip_fraction")).isZero();
        assertThat(metrics.get("dual_clip_fraction")).isZero();
        assertThat(metrics.get("ratio_max")).isCloseTo(4, within(1e-4));
    }

    /** The clip is centred on the weights before the first mini-batch, also for the samples of the second. */
    @Test
    void shouldKeepTheProximalPolicyForAllMiniBatchesWhenDecoupled() {
        TokenSequence tokens = new TokenSequence(new int[] {1, 2}, new int[] {3, 4});
        List<PolicySample> order =
                IntStream.range(0, 8).mapToObj(i -> sample(tokens, 1, 1, 1)).toList();

        assertThat(update(0.05, 8, true).apply(1, order).get("clip_fraction")).isGreaterThan(0.3);
    }

    @Test
    void shouldTrainAsWithoutDecouplingWhenTheBehaviourIsThePolicy() {
        List<PolicySample> order = onPolicy(20, 6);
        Map<String, Double> coupled = update(0, 2).apply(1, order);
        Map<String, Double> decoupled = update(0, 2, true).apply(1, order);

        assertThat(decoupled.get("loss")).isCloseTo(coupled.getOrDefault("loss", NaN), within(1e-6));
        assertThat(decoupled.get("gradient_norm")).isCloseTo(coupled.getOrDefault("gradient_norm", NaN), within(1e-5));
    }

    @Test
    void shouldLowerTheLossWhenItTrainsOnABatchAgain() {
        List<PolicySample> order = onPolicy(20, 2);
        PolicyUpdate update = update(1e-3, 2);
        double first = update.apply(1, order).getOrDefault("loss", NaN);
        double last = first;
        for (int step = 2; step <= 10; step++) {
            last = update.apply(step, order).getOrDefault("loss", NaN);
        }
        assertThat(last).isLessThan(first - 0.02);
    }

    @Test
    void shouldMoveProbabilitiesInTheDirectionOfTheAdvantage() {
        TokenSequence good = new TokenSequence(new int[] {1, 2}, new int[] {3, 4});
        TokenSequence bad = new TokenSequence(new int[] {5, 6}, new int[] {7, 8});
        List<PolicySample> order = List.of(sample(good, 1, 1, 1), sample(bad, -1, 1, 1));
        float[][] before = policy.logProbs(List.of(good, bad), TEMPERATURE);

        update(1e-3, 1).apply(1, order);

        float[][] after = policy.logProbs(List.of(good, bad), TEMPERATURE);
        for (int t = 0; t < 2; t++) {
            assertThat(after[0][t]).isGreaterThan(before[0][t]);
            assertThat(after[1][t]).isLessThan(before[1][t]);
        }
    }

    /**
     * The gradient of a token mean is linear in the advantages, and does not change when every sample appears twice.
     */
    @Test
    void shouldKeepTheIdentitiesOfATokenMean() {
        List<PolicySample> order = onPolicy(15, 3);
        List<PolicySample> twice = new ArrayList<>(order);
        twice.addAll(order);
        PolicyUpdate update = update(0, 1);

        double norm = update.apply(1, order).getOrDefault("gradient_norm", NaN);

        assertThat(norm).isGreaterThan(0.01);
        assertThat(update.apply(1, twice).get("gradient_norm")).isCloseTo(norm, within(1e-5 * norm));
        assertThat(update.apply(1, order.stream().map(s -> scaled(s, 2)).toList())
                        .get("gradient_norm"))
                .isCloseTo(2 * norm, within(1e-5 * norm));
        assertThat(update.apply(1, order.stream().map(s -> scaled(s, 0)).toList())
                        .get("gradient_norm"))
                .isZero();
    }

    @Test
    void shouldTakeFewerStepsWhenThereAreFewerSamplesThanMiniBatches() {
        List<PolicySample> one = onPolicy(1, 4);
        double norm = update(0, 1).apply(1, one).getOrDefault("gradient_norm", NaN);

        assertThat(update(0, 2).apply(1, one).get("gradient_norm")).isEqualTo(norm);
    }

    @Test
    void shouldCountASkippedUpdateWhenAnAdvantageIsNaN() {
        List<PolicySample> order = new ArrayList<>(onPolicy(4, 5));
        float[][] before = policy.logProbs(List.of(order.get(0).tokens()), TEMPERATURE);
        order.set(2, scaled(order.get(2), NaN));

        assertThat(update(1e-3, 1).apply(1, order).get("skipped_updates")).isEqualTo(1);
        assertThat(policy.logProbs(List.of(order.get(0).tokens()), TEMPERATURE)).isDeepEqualTo(before);
    }
}
