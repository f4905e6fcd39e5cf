package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.RequestSampling;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptRulesTest {
    private static final List<Message> MESSAGES = List.of(new Message("user", "1+1="));

    private static Prompt prompt(int samples) {
        return prompt("r-1", MESSAGES, samples);
    }

    private static Prompt prompt(String requestId, List<Message> messages, int samples) {
        return new Prompt(requestId, "p", "addition", messages, "2", samples, 0, Instant.EPOCH, null, null, 0);
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

    @Test
    void shouldRefuseAnIdThatCouldBeThatOfAFollowUp() {
        assertThat(PromptRules.violation(prompt("r-1~0123456789abcdef", MESSAGES, 1)))
                .contains("ends like that of a follow-up");
    }

    @Test
    void shouldRefuseAResponseWithoutTokens() {
        Prompt prompt = Prompt.newBuilder(prompt(1))
                .setSampling(new RequestSampling(false, 0))
                .build();
        assertThat(PromptRules.violation(prompt)).contains("at most 0 tokens");
    }

    private static @Nullable String violation(
            String id, RequestPurpose purpose, @Nullable String parent, Integer... prefix) {
        return PromptRules.violation(Prompt.newBuilder(prompt(2))
                .setFollowUp(new FollowUpRequest(id, purpose, parent, List.of(prefix)))
                .build());
    }

    @Test
    void shouldAcceptFollowUps() {
        String id = "r-1~0123456789abcdef";
        assertThat(violation(id, RequestPurpose.BASELINE, null)).isNull();
        assertThat(violation(id, RequestPurpose.PREFIX_VALUE, null)).isNull();
        assertThat(violation(id, RequestPurpose.PREFIX_VALUE, "r-1/0", 4)).isNull();
        assertThat(violation(id, RequestPurpose.BRANCH, "r-1~fedcba9876543210/1", 4, 5))
                .isNull();
    }

    @Test
    void shouldRefuseFollowUpsThatContradictThemselves() {
        String id = "r-1~0123456789abcdef";
        assertThat(violation("r-2~0123456789abcdef", RequestPurpose.BASELINE, null))
                .contains("is not requestId~hash");
        assertThat(violation("r-1/0", RequestPurpose.BASELINE, null)).contains("is not requestId~hash");
        assertThat(violation(id, RequestPurpose.PREFIX_VALUE, "r-1/0")).contains("0 prefix tokens and a parent");
        assertThat(violation(id, RequestPurpose.PREFIX_VALUE, null, 4)).contains("1 prefix tokens and no parent");
        assertThat(violation(id, RequestPurpose.BRANCH, null)).contains("branches of no rollout");
        assertThat(violation(id, RequestPurpose.BRANCH, "r-2/0", 4)).contains("no rollout of its request");
        assertThat(violation(id, RequestPurpose.TRAIN, "r-1/0", 4)).contains("purpose TRAIN");
    }
}
