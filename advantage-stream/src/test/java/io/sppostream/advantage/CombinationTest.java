package io.sppostream.advantage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.advantage.Combination.Rule;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CombinationTest {
    private static final List<String> VERIFIERS = List.of("a", "b", "c");

    private static Combination combination(Rule rule) {
        return new Combination(rule, VERIFIERS, rule == Rule.WEIGHTED ? List.of(2.0, 1.0, 1.0) : List.of());
    }

    /** A verdict for each letter from a: a reward, {@code -} if it did not judge, {@code ?} if it is still to come. */
    private static List<Verdict> verdicts(String text) {
        List<Verdict> verdicts = new ArrayList<>();
        String[] parts = text.split(" ", -1);
        for (int i = 0; i < parts.length; i++) {
            String verifier = String.valueOf((char) ('a' + i));
            switch (parts[i]) {
                case "?" -> {}
                case "-" -> verdicts.add(Events.verdict(verifier, "r-1", 0, VerdictStatus.TIMEOUT, null));
                default ->
                    verdicts.add(Events.verdict(verifier, "r-1", 0, VerdictStatus.INCORRECT, Double.valueOf(parts[i])));
            }
        }
        return verdicts;
    }

    private static String text(@Nullable RewardOutcome outcome) {
        if (outcome instanceof RewardOutcome.Rewarded rewarded) {
            StringBuilder text = new StringBuilder().append(rewarded.reward());
            rewarded.verdicts().forEach(verdict -> text.append(' ').append(verdict.getVerifier()));
            return text.toString();
        }
        return outcome instanceof RewardOutcome.NotJudged notJudged
                ? "- " + notJudged.because().getVerifier()
                : "?";
    }

    @ParameterizedTest
    @CsvSource({
        "FIRST, 1 0 0, 1.0 a",
        "FIRST, 1 ? ?, 1.0 a",
        "FIRST, ? 1 1, ?",
        "FIRST, - 0 1, 0.0 b",
        "FIRST, - ? 1, ?",
        "FIRST, - - 0.5, 0.5 c",
        "FIRST, - - -, - c",
        "ALL, 1 1 1, 1.0 a b c",
        "ALL, 1 0.25 0.5, 0.25 a b c",
        "ALL, 1 ? 1, ?",
        "ALL, ? 0 ?, 0.0 b",
        "ALL, - 0 ?, 0.0 b",
        "ALL, - ? 1, ?",
        "ALL, 1 - 1, - b",
        "ANY, 0 0 0, 0.0 a b c",
        "ANY, 0 0.25 0.5, 0.5 a b c",
        "ANY, ? ? 1, 1.0 c",
        "ANY, - ? 1, 1.0 c",
        "ANY, 0 - ?, ?",
        "ANY, 0 - 0, - b",
        "WEIGHTED, 1 0 0, 0.5 a b c",
        "WEIGHTED, 0 1 0.5, 0.375 a b c",
        "WEIGHTED, 1 1 1, 1.0 a b c",
        "WEIGHTED, 1 ? 1, ?",
        "WEIGHTED, ? - ?, - b",
    })
    void shouldApplyTheRuleWhenVerdictsArrive(Rule rule, String verdicts, String outcome) {
        assertThat(text(combination(rule).outcome(verdicts(verdicts)))).isEqualTo(outcome);
    }

    /** Random verdicts in random order: the first outcome that is known is the outcome of all verdicts together. */
    @ParameterizedTest
    @EnumSource
    void shouldComeToTheSameOutcomeWhenTheOrderOfArrivalDiffers(Rule rule) {
        Random random = new Random(7);
        String[] values = {"0", "1", "0.5", "-"};
        for (int i = 0; i < 2_000; i++) {
            List<Verdict> all = verdicts(
                    values[random.nextInt(4)] + " " + values[random.nextInt(4)] + " " + values[random.nextInt(4)]);
            RewardOutcome together = combination(rule).outcome(all);
            List<Verdict> arrived = new ArrayList<>();
            Collections.shuffle(all, random);
            RewardOutcome early = null;
            for (int j = 0; j < all.size() && early == null; j++) {
                arrived.add(all.get(j));
                early = combination(rule).outcome(arrived);
            }
            assertThat(reward(early)).as("%s of %s", rule, all).isEqualTo(reward(together));
        }
    }

    private static @Nullable Double reward(@Nullable RewardOutcome outcome) {
        return outcome instanceof RewardOutcome.Rewarded rewarded ? Double.valueOf(rewarded.reward()) : null;
    }

    @Test
    void shouldIgnoreVerdictsWhenTheirVerifierIsNotCombined() {
        assertThat(text(Combination.of("b").outcome(verdicts("1 ? 1")))).isEqualTo("?");
        assertThat(text(Combination.of("b").outcome(verdicts("1 0 1")))).isEqualTo("0.0 b");
    }

    @Test
    void shouldNameTheRuleAndItsWeightsWhenRecorded() {
        assertThat(combination(Rule.ALL).id()).isEqualTo("all");
        assertThat(combination(Rule.WEIGHTED).id()).isEqualTo("weighted(a=2.0, b=1.0, c=1.0)");
    }

    @Test
    void shouldRefuseACombinationWhenItHasNoReward() {
        assertThatThrownBy(() -> new Combination(Rule.ALL, List.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Combination(Rule.ALL, List.of("a", "a"), List.of()))
                .hasMessage("a verifier is named twice: a, a");
        assertThatThrownBy(() -> new Combination(Rule.WEIGHTED, List.of("a"), List.of(0.0)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Combination(Rule.ANY, List.of("a"), List.of(1.0)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
