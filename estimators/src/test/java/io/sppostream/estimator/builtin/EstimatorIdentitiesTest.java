package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Evidence;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Moments;
import io.sppostream.estimator.Segments;
import io.sppostream.estimator.TokenText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Equations that hold between estimators, and at the ends of their ranges. */
class EstimatorIdentitiesTest {
    private static final EstimatorCatalogue CATALOGUE = EstimatorCatalogue.open();

    private static AdvantageEstimator estimator(String name, String... settings) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            given.put(settings[i], settings[i + 1]);
        }
        return CATALOGUE.create(name, given);
    }

    private static double[] random(int seed, int n) {
        return new Random(seed).doubles(n).toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 100})
    void shouldBeTheReturnMinusTheValueWhenLambdaIsOne(int tokens) {
        double[] values = random(tokens, tokens);

        double[] advantages = PpoEstimator.advantages(values, 1, 1, 1);

        for (int t = 0; t < tokens; t++) {
            assertThat(advantages[t]).isCloseTo(1 - values[t], within(1e-12));
        }
        assertThat(PpoEstimator.returns(Segments.of(advantages), values))
                .containsExactly(Arrays.stream(values).map(v -> 1).toArray(), within(1e-12));
    }

    @Test
    void shouldBeTheErrorOfOneStepWhenLambdaIsZero() {
        assertThat(PpoEstimator.advantages(new double[] {0.5, 0.25, 0.75}, 1, 0.5, 0))
                .containsExactly(new double[] {0.5 * 0.25 - 0.5, 0.5 * 0.75 - 0.25, 1 - 0.75}, within(1e-15));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 8})
    void shouldBeNOverNMinusOneTimesTheCentredRewardWhenLeavingOneOut(int n) {
        double[] rewards = random(n, n);
        double mean = Arrays.stream(rewards).sum() / n;

        double[] advantages =
                Groups.uniform(estimator("rloo", "samples", "" + n).credit(Groups.ofRewards(rewards)));
        double[] centred =
                Groups.uniform(estimator("grpo", "normalize", "false").credit(Groups.ofRewards(rewards)));

        for (int i = 0; i < n; i++) {
            double others = (mean * n - rewards[i]) / (n - 1);
            assertThat(advantages[i]).isCloseTo(rewards[i] - others, within(1e-12));
            assertThat(advantages[i]).isCloseTo(centred[i] * n / (n - 1), within(1e-12));
        }
    }

    /** SPPO is SPO with one segment, the value of which comes from a critic instead of completions. */
    @Test
    void shouldBeSegmentsWithOneBoundaryWhenSppo() {
        GroupRollout rollout = Groups.rollout(0, 6, 1.0);
        double value = 2 / 3.0;

        double[] sppo = estimator("sppo")
                .credit(new Group(Groups.ID, value, List.of(rollout), List.of()))
                .get(0)
                .advantages()
                .perToken();

        AdvantageEstimator chain =
                estimator("spo-chain", "partition", "fixed", "length", "100", "mask", "false", "completions", "3");
        Group alone = Groups.of(rollout);
        List<FollowUp> followUps = chain.plan(alone);
        assertThat(followUps).hasSize(1);
        Group group = Groups.with(alone, Groups.evidence(followUps.get(0).id(), 1, 0, 1));
        assertThat(chain.credit(group).get(0).advantages().perToken()).isEqualTo(sppo);
    }

    /** VinePPO is SPO-chain with segments that are steps, here of three tokens each. */
    @Test
    void shouldBeSegmentsOfStepsWhenVinePpo() {
        int[] starts = IntStream.range(0, 9).toArray();
        Group alone = Groups.of(Groups.withText(Groups.rollout(0, 9, 1.0), new TokenText("ab\ncd\nefg", starts)));
        AdvantageEstimator vine = estimator("vineppo");
        AdvantageEstimator chain = estimator("spo-chain", "partition", "fixed", "length", "3", "mask", "false");

        List<FollowUp> followUps = vine.plan(alone);
        List<Evidence> evidence = new ArrayList<>();
        for (FollowUp followUp : followUps) {
            evidence.addAll(Groups.evidence(followUp.id(), random(followUp.prefixTokens(), 9)));
        }

        assertThat(chain.plan(alone)).isEqualTo(followUps).hasSize(3);
        Group group = Groups.with(alone, evidence);
        assertThat(vine.credit(group)).isEqualTo(chain.credit(group));
    }

    @Test
    void shouldSumToTheRewardMinusTheFirstValueWhenSegmentsAreAdded() {
        double[] advantages = SegmentValues.advantages(7, new int[] {0, 2, 5}, new double[] {0.2, 0.9, 0.4}, 1);

        assertThat(advantages[0] + advantages[2] + advantages[5]).isCloseTo(1 - 0.2, within(1e-15));
    }

    @ParameterizedTest
    @CsvSource({"grpo, 1, 0.999999000001", "grpo, 0, 0", "rloo, 1, 1", "rloo, 0, 0"})
    void shouldKeepTheRewardWhenTheGroupHasOneResponse(String name, double reward, double advantage) {
        assertThat(Groups.uniform(estimator(name).credit(Groups.ofRewards(reward))))
                .containsExactly(new double[] {advantage}, within(1e-12));
    }

    /** Exactly zero, also where the sum of the rewards rounds. */
    @ParameterizedTest
    @CsvSource({"grpo, 1", "grpo, 0", "grpo, 0.1", "rloo, 0.1", "rloo, 1"})
    void shouldBeZeroWhenAllRewardsAreEqual(String name, double reward) {
        double[] rewards = new double[7];
        Arrays.fill(rewards, reward);

        assertThat(Groups.uniform(estimator(name).credit(Groups.ofRewards(rewards))))
                .containsOnly(0.0);
    }

    @Test
    void shouldHaveMeanZeroAndVarianceOneWhenWhitened() {
        Moments moments = Moments.NONE;
        Segments[] batch = new Segments[5];
        for (int i = 0; i < batch.length; i++) {
            batch[i] = Segments.of(random(i, 3 + i));
            moments = moments.plus(Moments.of(batch[i]));
        }
        Moments after = Moments.NONE;
        for (Segments segments : batch) {
            after = after.plus(Moments.of(moments.whiten(segments)));
        }

        assertThat(after.mean()).isCloseTo(0, within(1e-12));
        assertThat(after.variance()).isCloseTo(1, within(1e-6));
    }
}
