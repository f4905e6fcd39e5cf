package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.advantage.Combination;
import io.sppostream.advantage.Combination.Rule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RewardExpressionTest {
    @Test
    void shouldReadNamesRulesAndShadows() {
        assertThat(RewardExpression.parse(" math:gsm8k "))
                .isEqualTo(new RewardExpression(Combination.of("math:gsm8k"), List.of()));
        assertThat(RewardExpression.parse("all(math,length), shadow( judge , exact )"))
                .isEqualTo(new RewardExpression(
                        new Combination(Rule.ALL, List.of("math", "length"), List.of()), List.of("judge", "exact")));
        assertThat(RewardExpression.parse("shadow(judge), weighted(math = 0.8, length=.2)"))
                .isEqualTo(new RewardExpression(
                        new Combination(Rule.WEIGHTED, List.of("math", "length"), List.of(0.8, 0.2)),
                        List.of("judge")));
        assertThat(RewardExpression.parse("first(math, judge)").combination().rule())
                .isEqualTo(Rule.FIRST);
        assertThat(RewardExpression.parse("any(math, judge)").combination().rule())
                .isEqualTo(Rule.ANY);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | rewards by no verifier",
                "shadow(judge) | rewards by no verifier",
                "math, judge | rewards by several verifiers: say how",
                "all(math, judge | is not a verifier: write a name",
                "[math, judge] | is not a verifier: write a name",
                "math judge | is not a verifier: write a name",
                "most(math, judge) | there is no rule 'most'",
                "all() | '' is not the name of a verifier",
                "all(math, math) | a verifier is named twice: math, math",
                "math, shadow(math) | names math twice",
                "math, shadow(judge, judge) | names judge twice",
                "weighted(math, judge) | 'math' of weighted is not NAME=WEIGHT",
                "weighted(math=much) | 'math=much' of weighted is not NAME=WEIGHT",
                "weighted(math=-1) | needs one positive, finite weight per verifier",
                "weighted(math=NaN) | needs one positive, finite weight per verifier",
            })
    void shouldSayWhatIsWrong(String text, String reason) {
        assertThatThrownBy(() -> RewardExpression.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason)
                .message()
                .hasLineCount(1);
    }
}
