package io.sppostream.learn.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.learn.update.PolicySampleTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StaleSamplesTest {

    /** Letters in order of arrival; stale ones are in lower case, and a batch has three. */
    @ParameterizedTest
    @CsvSource({
        "ABC, '', ABC",
        "ABCDE, '', ABCDE",
        "aBCD, a, BCD",
        "aBbCDE, ab, BCDE",
        // samples behind the batch are not looked at yet
        "ABCdE, '', ABCdE",
        "aBCDeF, a, BCDeF",
        // too few fresh ones: all samples are looked at
        "aBbC, ab, BC",
        "abcd, abcd, ''",
    })
    void shouldRemoveTheStaleOnesBeforeTheLastOfTheBatch(String arrived, String stale, String left) {
        List<Character> pending = new ArrayList<>(letters(arrived));
        assertThat(StaleSamples.takeStale(pending, Character::isLowerCase, 3)).isEqualTo(letters(stale));
        assertThat(pending).isEqualTo(letters(left));
    }

    private static List<Character> letters(String text) {
        return text.chars().mapToObj(c -> (char) c).toList();
    }

    @Test
    void shouldCountFromTheVersionOfTheOldestToken() {
        Rollout rollout = PolicySampleTest.rollout(new PolicySegment(1, 3, "03"), new PolicySegment(3, 5, "05"));
        assertThat(StaleSamples.lag(rollout, 7)).isEqualTo(4);
    }
}
