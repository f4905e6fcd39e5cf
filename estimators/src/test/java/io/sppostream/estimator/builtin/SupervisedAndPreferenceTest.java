package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.estimator.Credit;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.TrainingRecipe.Preference;
import io.sppostream.estimator.TrainingRecipe.Supervised;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SupervisedAndPreferenceTest {
    private static final EstimatorCatalogue CATALOGUE = EstimatorCatalogue.open();

    @Test
    void shouldKeepTheFirstCorrectResponsesWhenRestEm() {
        List<Credit> credits =
                CATALOGUE.create("restem", Map.of("keep", "2")).credit(Groups.ofRewards(0, 1, 0.5, 1, 1));

        assertThat(credits).extracting(Credit::rolloutId).containsExactly("g/1", "g/3");
        assertThat(Groups.uniform(credits)).containsOnly(1.0);
        assertThat(CATALOGUE.create("restem", Map.of()).recipe().objective()).isEqualTo(new Supervised());
    }

    private static List<String> pairs(String limit, double... rewards) {
        Group group = Groups.ofRewards(rewards);
        return CATALOGUE.create("dpo-positive", Map.of("pairs", limit)).credit(group).stream()
                .flatMap(credit -> credit.rejected().stream().map(loser -> credit.rolloutId() + " > " + loser))
                .toList();
    }

    @Test
    void shouldPairEveryCorrectWithEveryWrongWhenThereIsRoom() {
        assertThat(pairs("64", 1, 0, 1, 0)).containsExactly("g/0 > g/1", "g/0 > g/3", "g/2 > g/3", "g/2 > g/1");
        assertThat(pairs("64", 1, 0, 0, 1, 0, 1, 1)).hasSize(12).doesNotHaveDuplicates();
    }

    @Test
    void shouldSpreadPairsWhenTheyAreLimited() {
        assertThat(pairs("2", 1, 0, 1, 0)).containsExactly("g/0 > g/1", "g/2 > g/3");
        assertThat(pairs("1", 1, 0, 1, 0)).containsExactly("g/0 > g/1");
    }

    @Test
    void shouldMakeNoPairsWhenAllAreAlike() {
        assertThat(pairs("64", 1, 1)).isEmpty();
        assertThat(pairs("64", 0, 0)).isEmpty();
    }

    @Test
    void shouldHaveThePublishedObjectiveWhenNothingIsSet() {
        assertThat(CATALOGUE.create("dpo-positive", Map.of()).recipe().objective())
                .isEqualTo(new Preference(0.3, 50));
    }
}
