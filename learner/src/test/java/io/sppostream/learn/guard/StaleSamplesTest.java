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

    /** Letters in order of arrival, the stale ones in lower case; of batches of three. */
    @ParameterizedTest
    @CsvSource({
        "ABC, '', ABC",
        "ABCDE, '', ABCDE",
        "aBCD, a, BCD",
        "aBbCDE, ab, BCDE",
        // what is behind the batch waits: it is looked at when its turn comes
        "ABCdE, '', ABCdE",
        "aBCDeF, a, BCDeF",
        // too few are left: all that is stale has been looked at
        "aBbC, ab, BC",
        "abcd, abcd, ''",
    })
    void shouldTakeTheStaleOnesBeforeTheLastOfTheBatch(String arrived, String stale, String left) {
        List<Character> pending = new ArrayList<>(letters(arrived));
        assertThat(StaleSamples.takeStale(pending, Character::isLowerCase, 3)).isEqualTo(letters(stale));
        assertThat(pending).isEqualTo(letters(left));
    }

    private static List<Character> letters(String text) {
        return text.chars().mapToObj(c -> (char) c).toList();
    }

    @Test
    void shouldCountFromTheOldestTokensVersion() {
        Rollout rollout = PolicySampleTest.rollout(new PolicySegment(1, 3, "03"), new PolicySegment(3, 5, "05"));
        assertThat(StaleSamples.lag(rollout, 7)).isEqualTo(4);
    }
}
