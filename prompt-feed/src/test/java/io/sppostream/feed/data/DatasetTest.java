package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.UserException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DatasetTest {
    private static final Problem EASY = Problem.asked("1", "1+1=", "2").solvedBy("2", "easy");
    private static final Problem HARD = Problem.asked("2", "9*9=", "81").solvedBy("81", "hard");

    @Test
    void shouldTrainOnOneTierAndTestOnAll() {
        Dataset dataset = new Dataset("numbers", List.of(EASY, HARD, EASY), List.of(HARD, EASY));

        assertThat(dataset.trainingOn("easy"))
                .isEqualTo(new Dataset("numbers", List.of(EASY, EASY), List.of(HARD, EASY)));
    }

    @Test
    void shouldListTheTiersWhenOneIsUnknown() {
        assertThatThrownBy(() -> new Dataset("numbers", List.of(HARD, EASY), List.of()).trainingOn("medium"))
                .isInstanceOf(UserException.class)
                .hasMessage("dataset numbers has no tier 'medium'; it has hard, easy");
        assertThatThrownBy(() -> Addition.oneDigit().trainingOn("easy"))
                .hasMessage("dataset addition-1 has no tier 'easy'; it has no tiers");
    }
}
