package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RolloutIdsTest {

    @Test
    void shouldJoinRequestAndSample() {
        assertThat(RolloutIds.of("0000000007", 0)).isEqualTo("0000000007/0");
        assertThat(RolloutIds.of("0000000007", 12)).isEqualTo("0000000007/12");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000000007", "a-request", "", "tenant/7", "/", "7/0"})
    void shouldFindTheRequestWhenGivenItsRollout(String requestId) {
        String rolloutId = RolloutIds.of(requestId, 3);

        assertThat(RolloutIds.requestId(rolloutId)).isEqualTo(requestId);
        assertThat(RolloutIds.belongsTo(rolloutId, requestId)).isTrue();
    }

    @Test
    void shouldKeepARequestIdWhenGivenOne() {
        assertThat(RolloutIds.requestId("0000000007")).isEqualTo("0000000007");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "70/0", "6/0", "", "7-0"})
    void shouldNotBelongToARequestWhenOnlySimilar(String rolloutId) {
        assertThat(RolloutIds.belongsTo(rolloutId, "7")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000000007", "a-request", "", "tenant/7", "7~0", "7~0123456789abcdeg"})
    void shouldFindTheRequestWhenGivenAFollowUpOrItsRollout(String requestId) {
        String followUp = requestId + "~0123456789abcdef";
        String rolloutId = RolloutIds.of(followUp, 3);

        assertThat(RolloutIds.requestId(rolloutId)).isEqualTo(requestId);
        assertThat(RolloutIds.requestId(followUp)).isEqualTo(requestId);
        assertThat(RolloutIds.followUpId(rolloutId)).isEqualTo(followUp);
        assertThat(RolloutIds.followUpId(RolloutIds.of(requestId, 3))).isNull();
        assertThat(RolloutIds.sampleIndex(rolloutId)).contains(3);
        assertThat(RolloutIds.belongsTo(rolloutId, requestId)).isTrue();
        assertThat(RolloutIds.isFollowUpOf(followUp, requestId)).isTrue();
        assertThat(RolloutIds.isFollowUp(followUp)).isTrue();
        assertThat(RolloutIds.isFollowUp(requestId)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"7~0123456789ABCDEF/0", "7~0123456789abcde/0", "7~0123456789abcdef", "7~0123456789abcdef0/0"})
    void shouldBelongToNoRequestWhenTheHashHasAnotherForm(String rolloutId) {
        assertThat(RolloutIds.belongsTo(rolloutId, "7")).isFalse();
    }
}
