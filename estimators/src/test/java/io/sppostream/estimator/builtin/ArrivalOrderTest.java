package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the order in which the members of a group arrive, and however often, the outcome is the same. */
class ArrivalOrderTest {
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 20);
    private static final EstimatorCatalogue CATALOGUE = EstimatorCatalogue.open();

    private static AdvantageEstimator estimator(String name, String settings) {
        Map<String, String> given = new HashMap<>();
        for (String setting : settings.split(" ", -1)) {
            if (!setting.isEmpty()) {
                given.put(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
            }
        }
        return CATALOGUE.create(name, given);
    }

    @ParameterizedTest
    @CsvSource({
        "sppo, ''",
        "ppo, samples=2",
        "grpo, samples=4 mask=true",
        "rloo, ''",
        "remax, samples=2",
        "vineppo, samples=3 completions=2",
        "spo-chain, samples=3 completions=2 interval=2",
        "spo-chain, samples=2 completions=3 partition=fixed length=2 mask=false",
        "spo-tree, branches=3-2-2 max.tokens=2",
        "spo-tree, branches=2-3 max.tokens=1 method=grpo mask=false",
        "spo-tree, branches=4",
        "restem, ''",
        "dpo-positive, samples=6 pairs=5"
    })
    void shouldPlanAndCreditTheSameWhenMembersArriveInAnyOrder(String name, String settings) {
        AdvantageEstimator estimator = estimator(name, settings);
        for (int seed = 0; seed < SEEDS; seed++) {
            SampledWorld first = finished(estimator, seed, 2L * seed);
            SampledWorld second = finished(estimator, seed, 2L * seed + 1);
            Group group = first.group();
            List<Credit> credits = estimator.credit(group);

            assertThat(second.prefixes()).as("seed %s, follow-ups", seed).isEqualTo(first.prefixes());
            assertThat(estimator.plan(group).stream().map(FollowUp::id))
                    .as("seed %s, follow-ups of the complete group", seed)
                    .containsExactlyInAnyOrderElementsOf(first.published().keySet());
            assertThat(estimator.plan(withoutRewards(group)))
                    .as("seed %s, follow-ups by rollouts alone", seed)
                    .isEqualTo(estimator.plan(group));
            assertThat(estimator.credit(second.group()))
                    .as("seed %s, credits", seed)
                    .isEqualTo(credits);
            assertThat(credits)
                    .as("seed %s, credits of different rollouts, all trained", seed)
                    .allSatisfy(credit -> assertThat(credit.advantages().length())
                            .isEqualTo(group.rollout(credit.rolloutId()).length()))
                    .allSatisfy(credit ->
                            assertThat(credit.advantages().trainedTokens()).isPositive())
                    .extracting(Credit::rolloutId)
                    .doesNotHaveDuplicates();
            assertThat(new HashSet<>(first.prefixes().values()))
                    .as("seed %s, prefixes, each sampled once", seed)
                    .hasSameSizeAs(first.prefixes().keySet());
        }
    }

    /** The rollouts of a group, without anything that arrives later. */
    private static Group withoutRewards(Group group) {
        return Groups.of(group.rollouts().stream()
                .map(rollout -> new GroupRollout(
                        rollout.id(),
                        rollout.origin(),
                        rollout.tokens(),
                        rollout.logProbs(),
                        null,
                        rollout.text(),
                        rollout.cut(),
                        null))
                .toList());
    }

    private static SampledWorld finished(AdvantageEstimator estimator, long seed, long arrivalSeed) {
        SampledWorld world = new SampledWorld(estimator, seed, arrivalSeed);
        List<Credit> whenComplete = null;
        while (!world.isQuiet()) {
            Group group = world.group();
            if (estimator.canCreditPartial(group)) {
                assertThatCode(() -> estimator.credit(group)).doesNotThrowAnyException();
            }
            if (whenComplete == null && estimator.isComplete(group)) {
                whenComplete = estimator.credit(group);
            }
            world.step();
        }
        if (whenComplete != null) {
            assertThat(estimator.credit(world.group()))
                    .as("seed %s, later", seed)
                    .isEqualTo(whenComplete);
        }
        assertThat(estimator.isComplete(world.group()))
                .as("seed %s, complete", seed)
                .isTrue();
        return world;
    }
}
