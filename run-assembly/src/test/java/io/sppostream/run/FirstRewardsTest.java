package io.sppostream.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FirstRewardsTest {
    private final FirstRewards.Tally tally = new FirstRewards.Tally();

    private static Verdict verdict(String verifier, @Nullable Double reward, boolean shadow) {
        VerdictStatus status = reward == null ? VerdictStatus.INFRA_ERROR : VerdictStatus.NO_ANSWER;
        return new Verdict("r/0", "r", verifier, "1", status, reward, null, "", Instant.EPOCH, Map.of(), shadow);
    }

    private boolean add(String verifier, @Nullable Double reward, int times) {
        boolean enough = false;
        for (int i = 0; i < times; i++) {
            enough = tally.add(verdict(verifier, reward, false));
        }
        return enough;
    }

    @Test
    void shouldCountRewardsOnly() {
        assertThat(add("math", null, FirstRewards.WATCHED)).isFalse();
        assertThat(add("math", 0.0, FirstRewards.WATCHED - 1)).isFalse();
        assertThat(tally.add(verdict("other", 1.0, true))).as("a shadow").isFalse();
        assertThat(add("math", 0.0, 1)).isTrue();
        assertThat(tally.isConstant()).isTrue();
    }

    @Test
    void shouldBeConstantOnlyWhenEveryVerifierIs() {
        add("format", 1.0, 10);
        add("math", 0.0, 10);
        assertThat(tally.isConstant()).as("each gives the same to all").isTrue();
        add("math", 0.5, 1);
        assertThat(tally.isConstant()).isFalse();
    }

    @Test
    void shouldReportUnansweredResponsesOnceTheFirstBatchIsJudged() {
        add("math", 0.0, 63);
        assertThat(tally.unanswered("math", 64)).as("before its end").isEmpty();
        add("math", 0.0, 1);
        assertThat(tally.unanswered("math", 64)).hasSize(64);
        add("math", 0.0, 1);
        assertThat(tally.unanswered("math", 64)).as("after it").isEmpty();
        assertThat(tally.unanswered("other", 64)).isEmpty();
    }

    @Test
    void shouldGiveAnExample() {
        assertThat(FirstRewards.warning(verdict("math", 0.0, false), null))
                .isEqualTo("warning: the first 256 rewards of verifier math are all 0.0, so that the policy has nothing"
                        + " to learn from. For example, it says NO_ANSWER. Check the prompt with ./sppo prompt --show,"
                        + " the verifier (docs/verifiers.md), and rollout r/0 with ./sppo inspect");
    }
}
