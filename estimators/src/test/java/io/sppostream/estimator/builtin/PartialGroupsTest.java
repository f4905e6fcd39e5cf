package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.MissingInputException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Groups whose deadline came before all their members. */
class PartialGroupsTest {
    private static AdvantageEstimator estimator(String name) {
        return EstimatorCatalogue.open().create(name, Map.of());
    }

    @ParameterizedTest
    @CsvSource({"grpo, 2", "rloo, 2", "restem, 1", "dpo-positive, 2"})
    void shouldCreditWhenEnoughAreJudged(String name, int least) {
        AdvantageEstimator estimator = estimator(name);
        for (int judged = 0; judged <= 2; judged++) {
            Group group = Groups.of(
                    Groups.rollout(0, 3, judged > 0 ? 1.0 : null),
                    Groups.rollout(1, 3, judged > 1 ? 0.0 : null),
                    Groups.rollout(2, 3, null));

            assertThat(estimator.isComplete(group)).isFalse();
            assertThat(estimator.canCreditPartial(group))
                    .as("%s judged", judged)
                    .isEqualTo(judged >= least);
        }
    }

    @Test
    void shouldCompareTheJudgedOnlyWhenOthersAreNot() {
        Group group = Groups.of(Groups.rollout(0, 3, 1.0), Groups.rollout(1, 3, null), Groups.rollout(2, 3, 0.0));

        List<Credit> credits = estimator("rloo").credit(group);

        assertThat(credits).extracting(Credit::rolloutId).containsExactly("g/0", "g/2");
        assertThat(Groups.uniform(credits)).containsExactly(1, -1);
    }

    @Test
    void shouldExpireWhenTheBaselineIsMissing() {
        AdvantageEstimator remax = estimator("remax");
        Group group = Groups.ofRewards(1);
        FollowUp greedy = remax.plan(group).get(0);

        assertThat(remax.canCreditPartial(group)).isFalse();
        assertThatThrownBy(() -> remax.credit(group))
                .isInstanceOf(MissingInputException.class)
                .hasMessage("group g has no reward of a greedy response");
        assertThat(Groups.uniform(remax.credit(Groups.with(group, Groups.evidence(greedy.id(), 1)))))
                .containsExactly(0);
    }

    @Test
    void shouldLeaveOutABoundaryWhenNoCompletionOfItIsJudged() {
        double[] values = {0.25, Double.NaN, 0.5};

        assertThat(SegmentValues.advantages(6, new int[] {1, 2, 4}, values, 1))
                .containsExactly(0, 0.25, 0.25, 0.25, 0.5, 0.5);
    }

    @Test
    void shouldExpireWhenNoBoundaryHasAValue() {
        AdvantageEstimator chain = estimator("spo-chain");
        Group group = Groups.of(Groups.rollout(0, 12, 1.0));
        List<FollowUp> followUps = chain.plan(group);
        Group some = Groups.with(group, Groups.evidence(followUps.get(1).id(), 0, 0, 1, 0));

        assertThat(followUps).hasSize(3);
        assertThat(chain.canCreditPartial(group)).isFalse();
        assertThat(chain.credit(group)).isEmpty();
        assertThat(chain.isComplete(some)).isFalse();
        assertThat(chain.canCreditPartial(some)).isTrue();
        assertThat(chain.credit(some).get(0).advantages()).hasToString("[0, 5): 0.0, [5, 12): 0.75");
    }

    @Test
    void shouldNameTheInputWhenItIsMissing() {
        assertThatThrownBy(() -> estimator("sppo").credit(Groups.ofRewards(1)))
                .hasMessage("group g has no value of its prompt");
        assertThatThrownBy(() -> estimator("ppo").credit(Groups.ofRewards(1)))
                .hasMessage("rollout g/0 has no values of its tokens");
        assertThatThrownBy(() -> estimator("vineppo").plan(Groups.ofRewards(1)))
                .hasMessage("rollout g/0 has no text with the offsets of its tokens");
        GroupRollout unknown =
                new GroupRollout("g/0", GroupRollout.Origin.ofPrompt("g", 0), new int[3], null, null, null, false, 1.0);
        assertThatThrownBy(() -> estimator("spo-chain").plan(Groups.of(unknown)))
                .hasMessage("rollout g/0 has no log-probs");
        assertThat(Groups.uniform(estimator("rloo").credit(Groups.of(unknown)))).containsExactly(1);
        assertThat(estimator("sppo").canCreditPartial(Groups.ofRewards(1))).isFalse();
        assertThat(estimator("ppo").canCreditPartial(Groups.ofRewards(1))).isFalse();
    }
}
