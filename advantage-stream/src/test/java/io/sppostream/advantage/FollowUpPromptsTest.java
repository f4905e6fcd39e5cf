package io.sppostream.advantage;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Purpose;
import io.sppostream.estimator.Sampling;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.RequestSampling;
import io.sppostream.events.Rollout;
import io.sppostream.events.RolloutParent;
import io.sppostream.events.catalogue.PromptRules;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class FollowUpPromptsTest {
    private static final Rollout FIRST = Events.rollout("r-1", 0, 2);

    /** Continues two tokens of the first rollout, and has three of its own. */
    private static final Rollout BRANCH = Rollout.newBuilder(FIRST)
            .setRolloutId("r-1~0123456789abcdef/1")
            .setPurpose(RequestPurpose.BRANCH)
            .setParent(new RolloutParent("r-1/0", 2))
            .setPromptTokens(List.of(1, 2, 10, 3, 0, 11, 4, 2))
            .setResponseTokens(List.of(7, 8, 9))
            .build();

    private static Prompt prompt(String parent, int prefixTokens, Sampling sampling) {
        FollowUp followUp = new FollowUp(
                "r-1~fedcba9876543210",
                prefixTokens == 0 ? Purpose.BASELINE : Purpose.BRANCH,
                prefixTokens == 0 ? null : parent,
                prefixTokens,
                3,
                sampling);
        return FollowUpPrompts.of(
                followUp, id -> id.equals(FIRST.getRolloutId()) ? FIRST : BRANCH, FIRST, Instant.EPOCH);
    }

    @Test
    void shouldHaveThePrefixOfAFirstSample() {
        Prompt prompt = prompt("r-1/0", 2, Sampling.upTo(5));
        assertThat(prompt.getFollowUp())
                .isEqualTo(new FollowUpRequest("r-1~fedcba9876543210", RequestPurpose.BRANCH, "r-1/0", List.of(4, 2)));
        assertThat(prompt.getRequestId()).isEqualTo("r-1");
        assertThat(prompt.getSamples()).isEqualTo(3);
        assertThat(prompt.getMinPolicyVersion()).isEqualTo(7);
        assertThat(prompt.getSampling()).isEqualTo(new RequestSampling(false, 5));
        assertThat(PromptRules.violation(prompt)).isNull();
    }

    @Test
    void shouldHaveThePrefixThatABranchContinuesAndItsOwnTokens() {
        assertThat(prompt(BRANCH.getRolloutId(), 4, Sampling.DEFAULT).getFollowUp())
                .extracting(FollowUpRequest::getPrefixTokens)
                .isEqualTo(List.of(4, 2, 7, 8));
        assertThat(prompt(BRANCH.getRolloutId(), 1, Sampling.DEFAULT).getFollowUp())
                .extracting(FollowUpRequest::getPrefixTokens)
                .isEqualTo(List.of(4));
    }

    @Test
    void shouldAskForAGreedyResponseToThePromptItself() {
        Prompt prompt = prompt("", 0, Sampling.GREEDY);
        assertThat(prompt.getFollowUp())
                .isEqualTo(new FollowUpRequest("r-1~fedcba9876543210", RequestPurpose.BASELINE, null, List.of()));
        assertThat(prompt.getSampling()).isEqualTo(new RequestSampling(true, null));
        assertThat(prompt(BRANCH.getRolloutId(), 1, Sampling.DEFAULT).getSampling())
                .isNull();
    }
}
