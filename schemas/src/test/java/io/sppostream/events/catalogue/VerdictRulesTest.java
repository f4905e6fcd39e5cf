package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class VerdictRulesTest {
    private static Verdict verdict(String extracted, String rule, Map<String, String> settings) {
        return new Verdict(
                "r-1/0",
                "r-1",
                "mine",
                "1",
                VerdictStatus.CORRECT,
                1.0,
                extracted,
                rule,
                Instant.EPOCH,
                settings,
                false);
    }

    @Test
    void shouldKeepAVerdictWithinBounds() {
        Verdict verdict = verdict("42", "equal", Map.of("tolerance", "0.1"));
        assertThat(VerdictRules.bounded(verdict)).isSameAs(verdict);
    }

    @Test
    void shouldCutTextWithAMark() {
        Verdict bounded = VerdictRules.bounded(verdict("4".repeat(3_000_000), "r".repeat(300), Map.of()));
        assertThat(bounded.getExtracted()).hasSizeLessThan(1_050).endsWith("4... [truncated, 3000000 characters]");
        assertThat(bounded.getRule()).hasSizeLessThan(250).endsWith("r... [truncated, 300 characters]");
        assertThat(bounded.getReward()).isEqualTo(1.0);
    }

    @Test
    void shouldCutSettings() {
        Map<String, String> settings = IntStream.range(0, 5_000)
                .boxed()
                .collect(Collectors.toMap(i -> String.format("%04d", i), i -> "x".repeat(2_000)));
        assertThat(VerdictRules.bounded(verdict("42", "equal", settings)).getSettings())
                .hasSize(100)
                .hasEntrySatisfying("0099", value -> assertThat(value).endsWith("[truncated, 2000 characters]"));
    }
}
