package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Purpose;
import io.sppostream.estimator.Sampling;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SpoEstimatorsTest {
    /** Log-probs of tokens with these probabilities. */
    private static float[] logProbs(double... probabilities) {
        float[] logProbs = new float[probabilities.length];
        for (int t = 0; t < logProbs.length; t++) {
            logProbs[t] = (float) Math.log(probabilities[t]);
        }
        return logProbs;
    }

    @Test
    void shouldCutAtEveryIntervalThUncertainTokenWhenPartitionedByCutpoints() {
        float[] logProbs = logProbs(0.95, 0.5, 0.99, 0.8, 0.89, 0.91, 0.2);

        assertThat(SpoChainEstimator.cutpoints(logProbs, 0.9, 1)).containsExactly(1, 3, 4, 6);
        assertThat(SpoChainEstimator.cutpoints(logProbs, 0.9, 3)).containsExactly(1, 6);
        assertThat(SpoChainEstimator.cutpoints(logProbs(0.95, 1), 0.9, 1)).isEmpty();
    }

    @Test
    void shouldTrainNothingWhenNoTokenIsUncertain() {
        Group group = Groups.of(Groups.rollout(0, logProbs(0.95, 0.99), 1.0));

        assertThat(chain("true").plan(group)).isEmpty();
        assertThat(chain("true").credit(group)).as("evidence").isEmpty();
        assertThat(Groups.uniform(chain("false").credit(group)))
                .as("without mask")
                .containsExactly(0);
    }

    private static AdvantageEstimator chain(String mask) {
        return EstimatorCatalogue.open().create("spo-chain", Map.of("mask", mask));
    }

    @Test
    void shouldCompleteThePrefixBeforeEachBoundaryWhenPlanning() {
        Group group = Groups.of(Groups.rollout(0, logProbs(0.95, 0.5, 0.99, 0.8), 1.0));
        AdvantageEstimator chain = EstimatorCatalogue.open().create("spo-chain", Map.of("interval", "1"));

        List<FollowUp> followUps = chain.plan(group);

        assertThat(followUps).extracting(FollowUp::prefixTokens).containsExactly(1, 3);
        assertThat(followUps).extracting(FollowUp::parent).containsOnly("g/0");
        assertThat(followUps).extracting(FollowUp::completions).containsOnly(9);
        assertThat(followUps).extracting(FollowUp::purpose).containsOnly(Purpose.PREFIX_VALUE);
    }

    @Test
    void shouldLimitAllLevelsButTheLastWhenATreeGrows() {
        AdvantageEstimator tree = EstimatorCatalogue.open().create("spo-tree", Map.of("max.tokens", "30"));

        assertThat(tree.needs().samples()).isEqualTo(6);
        assertThat(tree.needs().sampling()).isEqualTo(Sampling.upTo(30));
        assertThat(EstimatorCatalogue.open()
                        .create("spo-tree", Map.of("branches", "4"))
                        .needs()
                        .sampling())
                .isEqualTo(Sampling.DEFAULT);
    }

    @Test
    void shouldBranchWhereTheLimitCutWhenATreeGrows() {
        AdvantageEstimator tree = EstimatorCatalogue.open().create("spo-tree", Map.of("branches", "2-3"));
        Group group = Groups.of(cut(0), Groups.rollout(1, 3, 1.0));

        assertThat(tree.plan(group))
                .singleElement()
                .isEqualTo(new FollowUp(tree.plan(group).get(0).id(), Purpose.BRANCH, "g/0", 3, 3, Sampling.DEFAULT));
        assertThat(tree.isComplete(group)).isFalse();
        assertThat(tree.credit(group)).as("one judged leaf, nothing to compare").isEmpty();
    }

    private static GroupRollout cut(int index) {
        GroupRollout rollout = Groups.rollout(index, 3, null);
        return new GroupRollout(
                rollout.id(), rollout.origin(), rollout.tokens(), rollout.logProbs(), null, null, true, null);
    }

    @Test
    void shouldDivideByTheDeviationWhenTheMethodIsGrpo() {
        double[] values = {1, 0, 0, 1};

        assertThat(SpoTreeEstimator.advantages(values, SpoTreeEstimator.Method.RLOO))
                .containsExactly(0.5, -0.5, -0.5, 0.5);
        assertThat(SpoTreeEstimator.advantages(values, SpoTreeEstimator.Method.GRPO))
                .containsExactly(new double[] {1, -1, -1, 1}, within(1e-7));
    }

    /** Thirds do not add up exactly; their differences must still count as none. */
    @Test
    void shouldBeZeroWhenValuesDifferByRoundingOnly() {
        double third = 1 / 3.0;
        double[] values = {third, 1 - 2 * third, (0.1 + 0.2) / 0.9};

        assertThat(SpoTreeEstimator.advantages(values, SpoTreeEstimator.Method.RLOO))
                .containsOnly(0.0);
        assertThat(SpoTreeEstimator.advantages(values, SpoTreeEstimator.Method.GRPO))
                .containsOnly(0.0);
    }

    @Test
    void shouldTrainOnlyUncertainTokensWhenGrpoIsMasked() {
        AdvantageEstimator masked = EstimatorCatalogue.open().create("grpo", Map.of("mask", "true"));
        List<Credit> credits = masked.credit(Groups.of(
                Groups.rollout(0, logProbs(0.95, 0.5), 1.0),
                Groups.rollout(1, logProbs(0.95, 0.97), 0.0),
                Groups.rollout(2, logProbs(0.5, 0.5), 0.0)));

        assertThat(credits).extracting(Credit::rolloutId).containsExactly("g/0", "g/2");
        assertThat(credits.get(0).advantages().trainedPerToken()).containsExactly(false, true);
    }
}
