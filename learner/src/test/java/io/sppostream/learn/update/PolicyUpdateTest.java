package io.sppostream.learn.update;

import static java.lang.Double.NaN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import io.sppostream.learn.StepMetric;
import io.sppostream.learn.TestModels;
import io.sppostream.log.weights.WeightsPublisher;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.TrainingSettings;
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
        return new PolicyUpdate(trainer, settings(PolicyObjective.SPPO, rate, miniBatches, decoupled));
    }

    private static PolicyUpdateSettings settings(
            PolicyObjective objective, double rate, int miniBatches, boolean decoupled) {
        return new PolicyUpdateSettings(
                objective,
                new ClippedPolicyLoss(0.2, 3),
                decoupled,
                new LearningRate(rate, 0),
                miniBatches,
                0,
                TEMPERATURE);
    }

    /** One step without a change of the weights. */
    private Map<String, Double> measure(PolicyObjective objective, List<PolicySample> order) {
        return measure(trainer, objective, order);
    }

    private static Map<String, Double> measure(
            PolicyTrainer trainer, PolicyObjective objective, List<PolicySample> order) {
        try (PolicyUpdate update = new PolicyUpdate(trainer, settings(objective, 0, 2, false))) {
            return update.apply(1, order);
        }
    }

    private static PolicyObjective objective(TrainingRecipe recipe) {
        return PolicyObjective.of(recipe, LossMean.TOKEN);
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
        boolean[] trained = new boolean[behaviour.length];
        Arrays.fill(trained, true);
        return new PolicySample("r", "r", tokens, behaviour, advantages, trained);
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
        return sample.withAdvantages(
                Arrays.stream(sample.advantages()).map(a -> a * factor).toArray());
    }

    /** The same sample, of which only the first tokens carry loss. */
    private static PolicySample masked(PolicySample sample, int tokens) {
        boolean[] trained = new boolean[sample.trained().length];
        Arrays.fill(trained, 0, Math.min(tokens, trained.length), true);
        return new PolicySample(
                sample.rolloutId(),
                sample.requestId(),
                sample.tokens(),
                sample.behaviourLogProbs(),
                sample.advantages(),
                trained);
    }

    private static PolicySample truncated(PolicySample sample, int tokens) {
        int length = Math.min(tokens, sample.advantages().length);
        return new PolicySample(
                sample.rolloutId(),
                sample.requestId(),
                new TokenSequence(
                        sample.tokens().prompt(), Arrays.copyOf(sample.tokens().response(), length)),
                Arrays.copyOf(sample.behaviourLogProbs(), length),
                Arrays.copyOf(sample.advantages(), length),
                Arrays.copyOf(sample.trained(), length));
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

    /** The same tokens as above: of the clipped ones, 1.5 is high and 0.5 low. */
    @Test
    void shouldTellClipsAndAdvantagesApartWhenComputedByHand() {
        TokenSequence two = new TokenSequence(new int[] {1, 2, 3}, new int[] {4, 5});
        TokenSequence three = new TokenSequence(new int[] {6}, new int[] {7, 8, 9});
        List<PolicySample> order = List.of(sample(two, 0.5, 1, 1.5), sample(three, -0.5, 0.5, 1, 4));

        Map<String, Double> metrics = update(0, 1).apply(1, order);

        assertThat(metrics.get("clip_fraction_low")).isEqualTo(1.0 / 5);
        assertThat(metrics.get("clip_fraction_high")).isEqualTo(1.0 / 5);
        assertThat(metrics.get("advantage_mean")).isCloseTo(-0.1, within(1e-12));
        assertThat(metrics.get("advantage_std")).isCloseTo(Math.sqrt((2 * 0.36 + 3 * 0.16) / 4), within(1e-12));
        assertThat(metrics.get("advantage_share_positive")).isEqualTo(2.0 / 5);
        assertThat(metrics.get("update_flops"))
                .isEqualTo(trainer.flops(List.of(two)) + trainer.flops(List.of(three)))
                .isPositive();
        assertThat(metrics).doesNotContainKey("mismatch_kl");
        assertThat(metrics.keySet())
                .allSatisfy(name -> assertThat(StepMetric.of(name)).isPresent());
    }

    /** The mean of r - 1 - log r over the tokens of the first mini-batch that the weights of the step have sampled. */
    @Test
    void shouldMeasureTheMismatchOfSamplesOfTheSameWeights() {
        TokenSequence two = new TokenSequence(new int[] {1, 2, 3}, new int[] {4, 5});
        TokenSequence three = new TokenSequence(new int[] {6}, new int[] {7, 8, 9});
        PolicySample same = onPolicy(sample(two, 0.5, 1, 1.5));
        PolicySample other = sample(three, -0.5, 0.5, 1, 4);

        double expected = (1.5 - 1 - Math.log(1.5)) / 2;
        assertThat(update(0, 1).apply(1, List.of(same, other)).get("mismatch_kl"))
                .isCloseTo(expected, within(1e-5));
        assertThat(update(0, 2).apply(1, List.of(same, other)).get("mismatch_kl"))
                .isCloseTo(expected, within(1e-5));
        assertThat(update(0, 2).apply(1, List.of(other, same))).doesNotContainKey("mismatch_kl");
    }

    private static PolicySample onPolicy(PolicySample sample) {
        return new PolicySample(
                sample.rolloutId(),
                sample.requestId(),
                sample.tokens(),
                sample.behaviourLogProbs(),
                sample.advantages(),
                sample.trained(),
                sample.rejected(),
                true);
    }

    /** A response's entropy is that over the whole vocabulary, whether its tokens carry loss or not. */
    @Test
    void shouldMeasureTheEntropyOfEveryTokenOnce() {
        TokenSequence one = new TokenSequence(new int[] {1, 2, 3}, new int[] {4});
        List<TokenSequence> all = IntStream.range(0, TestModels.CONFIG.vocabularySize())
                .mapToObj(token -> new TokenSequence(one.prompt(), new int[] {token}))
                .toList();
        double entropy = Arrays.stream(policy.logProbs(all, TEMPERATURE))
                .mapToDouble(logProb -> -Math.exp(logProb[0]) * logProb[0])
                .sum();
        PolicySample sample = sample(one, 0.5, 1);

        assertThat(update(0, 1).apply(1, List.of(sample)).get("entropy")).isCloseTo(entropy, within(1e-5));
        assertThat(update(0, 2).apply(1, List.of(sample, masked(sample, 0))).get("entropy"))
                .isCloseTo(entropy, within(1e-5));
    }

    @Test
    void shouldMeasureTheSameBitsWhateverTheThreads() {
        List<PolicySample> order = onPolicy(20, 3);
        Map<String, Double> expected = update(0, 2).apply(1, order);
        try (PolicyTrainer three = new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(48, 3, false))) {
            assertThat(measure(three, PolicyObjective.SPPO, order)).isEqualTo(expected);
        }
    }

    @Test
    void shouldTrainNothingWhileTheCriticWarmsUp() {
        String before = WeightsPublisher.sha256(policy::writeWeights);
        PolicyUpdateSettings settings = new PolicyUpdateSettings(
                PolicyObjective.SPPO,
                new ClippedPolicyLoss(0.2, 3),
                false,
                new LearningRate(1e-2, 4),
                1,
                2,
                TEMPERATURE);
        try (PolicyUpdate update = new PolicyUpdate(trainer, settings)) {
            List<PolicySample> order = onPolicy(5, 1);
            Map<String, Double> frozen = update.apply(2, order);
            assertThat(frozen.get("policy_frozen")).isEqualTo(1);
            assertThat(frozen.get("trained_tokens")).isZero();
            assertThat(WeightsPublisher.sha256(policy::writeWeights)).isEqualTo(before);

            Map<String, Double> trained = update.apply(3, order);
            assertThat(trained).doesNotContainKey("policy_frozen");
            assertThat(trained.get("learning_rate"))
                    .isEqualTo(settings.learningRate().at(1));
            assertThat(WeightsPublisher.sha256(policy::writeWeights)).isNotEqualTo(before);
        }
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

    /** A token does not depend on those after it, so a masked end of a response is as good as none. */
    @Test
    void shouldTrainAsOnTheRestWhenTokensCarryNoLoss() {
        List<PolicySample> order = onPolicy(12, 7);
        Map<String, Double> masked = measure(
                PolicyObjective.SPPO, order.stream().map(s -> masked(s, 2)).toList());
        Map<String, Double> truncated = measure(
                PolicyObjective.SPPO, order.stream().map(s -> truncated(s, 2)).toList());

        double norm = truncated.getOrDefault("gradient_norm", NaN);
        assertThat(masked.get("gradient_norm")).isCloseTo(norm, within(1e-5 * norm));
        assertThat(masked.get("loss")).isCloseTo(truncated.getOrDefault("loss", NaN), within(1e-6));
        assertThat(masked.get("trained_tokens")).isEqualTo(truncated.get("response_tokens"));
        assertThat(masked.get("response_tokens")).isGreaterThan(truncated.getOrDefault("response_tokens", NaN));
    }

    @Test
    void shouldHaveNoLossWhenNoTokenCarriesLoss() {
        List<PolicySample> order =
                onPolicy(4, 8).stream().map(s -> masked(s, 0)).toList();
        for (LossMean mean : LossMean.values()) {
            Map<String, Double> metrics = measure(PolicyObjective.of(TrainingRecipe.policyGradient(), mean), order);

            assertThat(metrics.get("loss")).isZero();
            assertThat(metrics.get("gradient_norm")).isZero();
            assertThat(metrics.get("skipped_updates")).isZero();
        }
    }

    @Test
    void shouldWhitenTheSameWhenMicroBatchesAreSmaller() {
        List<PolicySample> order =
                onPolicy(20, 9).stream().map(s -> masked(s, 3)).toList();
        PolicyObjective whitened = objective(TrainingRecipe.policyGradient().whitened());
        Map<String, Double> large = measure(whitened, order);
        try (PolicyTrainer small = new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(1, 1, false))) {
            Map<String, Double> metrics = measure(small, whitened, order);

            for (String name : List.of("advantage_tokens", "advantage_mean", "advantage_variance")) {
                assertThat(metrics.get(name)).isEqualTo(large.get(name));
            }
            double norm = large.getOrDefault("gradient_norm", NaN);
            assertThat(metrics.get("gradient_norm")).isCloseTo(norm, within(1e-5 * norm));
        }
        assertThat(large.get("advantage_tokens")).isEqualTo(large.get("trained_tokens"));
        assertThat(large.get("loss")).as("minus the mean advantage").isCloseTo(0, within(1e-5));
    }

    @Test
    void shouldHaveNoPenaltyWhenThePolicyIsTheReference() {
        List<PolicySample> order = onPolicy(12, 10);
        Map<String, Double> plain = measure(PolicyObjective.SPPO, order);
        double norm = plain.getOrDefault("gradient_norm", NaN);
        for (KlPenalty.Place place : KlPenalty.Place.values()) {
            Map<String, Double> metrics =
                    measure(objective(TrainingRecipe.policyGradient().withKl(place, 0.5)), order);

            assertThat(metrics.get("loss")).isCloseTo(plain.getOrDefault("loss", NaN), within(1e-6));
            assertThat(metrics.get("gradient_norm")).isCloseTo(norm, within(1e-4 * norm));
            assertThat(metrics.getOrDefault("reference_kl", 0.0)).isCloseTo(0, within(1e-6));
        }
    }

    @Test
    void shouldMeasureTheDivergenceFromTheStartWhenThePolicyMoves() {
        List<PolicySample> order = onPolicy(12, 11);
        PolicyUpdateSettings settings = settings(
                objective(TrainingRecipe.policyGradient().withKl(KlPenalty.Place.TOKEN_LOSS, 1e-6)), 1e-2, 2, false);
        try (PolicyUpdate update = new PolicyUpdate(trainer, settings)) {
            update.apply(1, order);
            double second = update.apply(2, order).getOrDefault("reference_kl", NaN);
            double fifth = IntStream.rangeClosed(3, 5)
                    .mapToDouble(step -> update.apply(step, order).getOrDefault("reference_kl", NaN))
                    .reduce(NaN, (before, after) -> after);

            assertThat(second).isGreaterThan(1e-6);
            assertThat(fifth).isGreaterThan(second);
        }
    }

    @Test
    void shouldStayNearerToTheStartWhenThePenaltyIsLarge() {
        List<PolicySample> order = onPolicy(12, 12);
        double[] divergences = new double[2];
        for (int i = 0; i < 2; i++) {
            try (PolicyModel model = policy.copy();
                    PolicyTrainer own = new PolicyTrainer(model, TestModels.ADAM, TestModels.TRAINING);
                    PolicyUpdate update = new PolicyUpdate(
                            own,
                            settings(
                                    objective(TrainingRecipe.policyGradient()
                                            .withKl(KlPenalty.Place.TOKEN_LOSS, i == 0 ? 1e-6 : 100)),
                                    3e-3,
                                    2,
                                    false))) {
                for (int step = 1; step <= 10; step++) {
                    divergences[i] = update.apply(step, order).getOrDefault("reference_kl", NaN);
                }
            }
        }
        assertThat(divergences[1]).isLessThan(0.5 * divergences[0]);
    }

    /** At ratio 1 and A = 1 the gradient of the policy loss is that of the log-likelihood. */
    @Test
    void shouldTrainOnTheLogLikelihoodWhenSupervised() {
        List<PolicySample> order = TestModels.sequences(12, 13).stream()
                .map(tokens -> sample(tokens, 1, ones(tokens.response().length)))
                .toList();
        double logLikelihood = 0;
        int tokens = 0;
        for (PolicySample sample : order) {
            for (float logProb : sample.behaviourLogProbs()) {
                logLikelihood += logProb;
                tokens++;
            }
        }
        PolicyObjective supervised = objective(TrainingRecipe.of(new TrainingRecipe.Supervised()));
        Map<String, Double> metrics = measure(supervised, order);
        double norm = measure(PolicyObjective.SPPO, order).getOrDefault("gradient_norm", NaN);

        assertThat(metrics.get("loss")).isCloseTo(-logLikelihood / tokens, within(1e-5));
        assertThat(metrics.get("clip_fraction")).isZero();
        assertThat(metrics.get("gradient_norm")).isCloseTo(norm, within(1e-5 * norm));
        try (PolicyUpdate update = new PolicyUpdate(trainer, settings(supervised, 5e-3, 1, true))) {
            double last = NaN;
            for (int step = 1; step <= 30; step++) {
                last = update.apply(step, order).getOrDefault("loss", NaN);
            }
            assertThat(last).isLessThan(0.6 * metrics.getOrDefault("loss", NaN));
        }
    }

    @Test
    void shouldRefuseObjectivesThatDoNotFit() {
        TrainingRecipe supervised = TrainingRecipe.of(new TrainingRecipe.Supervised());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> objective(supervised.whitened()))
                .withMessageContaining("whitened");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> objective(supervised.withKl(KlPenalty.Place.TOKEN_REWARD, 1)))
                .withMessageContaining("no rewards");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> objective(TrainingRecipe.of(new TrainingRecipe.Preference(0.1, 50))
                        .withKl(KlPenalty.Place.TOKEN_LOSS, 1)))
                .withMessageContaining("beta");
    }
}
