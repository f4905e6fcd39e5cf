package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptRulesTest {
    private static final List<Message> MESSAGES = List.of(new Message("user", "1+1="));

    private static Prompt prompt(int samples) {
        return prompt("r-1", MESSAGES, samples);
    }

    private static Prompt prompt(String requestId, List<Message> messages, int samples) {
        return new Prompt(requestId, "p", "addition", messages, "2", samples, 0, Instant.EPOCH, null, null);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, PromptRules.MAX_SAMPLES})
    void shouldAcceptValidPrompts(int samples) {
        assertThat(PromptRules.violation(prompt(samples))).isNull();
        assertThat(PromptRules.rollouts(prompt(samples))).isEqualTo(samples);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, PromptRules.MAX_SAMPLES + 1, Integer.MAX_VALUE})
    void shouldRefuseMoreOrFewerSamplesThanPossible(int samples) {
        assertThat(PromptRules.violation(prompt(samples))).contains(samples + " samples", "1 to 1024");
        assertThat(PromptRules.rollouts(prompt(samples))).isEqualTo(1);
    }

    @Test
    void shouldRefuseAnEmptyConversation() {
        assertThat(PromptRules.violation(prompt("r-1", List.of(), 1))).contains("no messages");
    }

    @Test
    void shouldRefuseAnIdThatWouldBlowUpEveryRecord() {
        String longId = "x".repeat(PromptRules.MAX_ID_LENGTH + 1);
        assertThat(PromptRules.violation(prompt(longId, MESSAGES, 1))).contains("513 characters");
    }

    @Test
    void shouldRefuseAnEmptyId() {
        assertThat(PromptRules.violation(prompt("", MESSAGES, 1))).contains("0 characters");
    }
}
