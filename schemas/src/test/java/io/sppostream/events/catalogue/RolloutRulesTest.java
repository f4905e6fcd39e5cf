package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.RolloutParent;
import io.sppostream.events.SamplingSettings;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RolloutRulesTest {

    /** Three response tokens, the first two of policy version 4 and the last of version 5. */
    private static Rollout.Builder rollout() {
        return Rollout.newBuilder()
                .setRolloutId("r-1/1")
                .setRequestId("r-1")
                .setPromptId("p")
                .setDataset("addition")
                .setMessages(List.of(new Message("user", "1+1=")))
                .setReference("2")
                .setSampleIndex(1)
                .setSamples(2)
                .setPromptTokens(List.of(1, 2))
                .setResponseTokens(List.of(3, 4, 5))
                .setText("2")
                .setBehaviourLogProbs(List.of(-0.5f, 0f, 1e-6f))
                .setPolicySegments(List.of(new PolicySegment(2, 4, "a"), new PolicySegment(3, 5, "b")))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 8))
                .setSeed(0)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH);
    }

    @Test
    void shouldAcceptAValidRollout() {
        assertThat(RolloutRules.violation(rollout().build())).isNull();
    }

    private static Rollout.Builder asBranch(Rollout.Builder rollout) {
        return rollout.setRolloutId("r-1~0123456789abcdef/1")
                .setPurpose(RequestPurpose.BRANCH)
                .setParent(new RolloutParent("r-1/0", 1));
    }

    @Test
    void shouldAcceptRolloutsOfFollowUps() {
        assertThat(RolloutRules.violation(asBranch(rollout()).build())).isNull();
        assertThat(RolloutRules.violation(asBranch(rollout())
                        .setPurpose(RequestPurpose.BASELINE)
                        .setParent(null)
                        .setTokenStarts(List.of(0, 0, 1))
                        .build()))
                .isNull();
    }

    private static Arguments branch(Consumer<Rollout.Builder> change, String violation) {
        return invalid(each -> change.accept(asBranch(each)), violation);
    }

    private static Arguments invalid(Consumer<Rollout.Builder> change, String violation) {
        return Arguments.of(change, violation);
    }

    private static Arguments logProb(float value) {
        return invalid(each -> each.setBehaviourLogProbs(List.of(-1f, value, -1f)), "response token 1 is " + value);
    }

    private static Arguments segments(String violation, PolicySegment... segments) {
        return invalid(each -> each.setPolicySegments(List.of(segments)), violation);
    }

    static Stream<Arguments> shouldRefuse() {
        return Stream.of(
                invalid(each -> each.setResponseTokens(List.of()), "no response tokens"),
                invalid(each -> each.setPromptTokens(List.of()), "no prompt tokens"),
                invalid(each -> each.setMessages(List.of()), "no messages"),
                invalid(each -> each.setBehaviourLogProbs(List.of(-1f)), "1 log-probabilities for 3"),
                logProb(Float.NaN),
                logProb(Float.NEGATIVE_INFINITY),
                logProb(Float.POSITIVE_INFINITY),
                logProb(0.5f),
                segments("cover 0 of 3"),
                segments("cover 2 of 3", new PolicySegment(2, 4, "a")),
                segments("ends at token 4", new PolicySegment(4, 4, "a")),
                segments("ends at token 0", new PolicySegment(0, 4, "a"), new PolicySegment(3, 4, "a")),
                segments("ends at token 2", new PolicySegment(3, 4, "a"), new PolicySegment(2, 4, "a")),
                segments("version 3 after version 4", new PolicySegment(2, 4, "a"), new PolicySegment(3, 3, "b")),
                segments("version -1", new PolicySegment(3, -1, "a")),
                invalid(each -> each.setRolloutId("r-1/0"), "is not requestId/sampleIndex"),
                invalid(each -> each.setRolloutId("r-2/1"), "is not requestId/sampleIndex"),
                invalid(each -> each.setRolloutId("x".repeat(1_000_000)), "[truncated, 1000000 characters]"),
                invalid(each -> each.setRequestId("x".repeat(1_000_000)), "the requestId has 1000000 characters"),
                invalid(each -> each.setSampleIndex(2), "sample 2 of a request that wants 2"),
                invalid(each -> each.setSampleIndex(-1), "sample -1"),
                invalid(each -> each.setSamples(Integer.MAX_VALUE), "wants 2147483647"),
                invalid(each -> each.setRequestId("r-1~0123456789abcdef"), "ends like that of a follow-up"),
                invalid(each -> each.setRolloutId("r-2~0123456789abcdef/1"), "nor requestId~hash/sampleIndex"),
                invalid(each -> each.setRolloutId("r-1~0123456789abcdef/0"), "nor requestId~hash/sampleIndex"),
                invalid(each -> each.setPurpose(RequestPurpose.BRANCH), "a first sample has the purpose BRANCH"),
                branch(each -> each.setPurpose(RequestPurpose.TRAIN), "a rollout of a follow-up has the purpose TRAIN"),
                branch(each -> each.setPurpose(RequestPurpose.UNKNOWN), "has the purpose UNKNOWN"),
                branch(each -> each.setParent(null), "a branch has no parent"),
                branch(each -> each.setParent(new RolloutParent("r-2/0", 1)), "is no rollout of its request"),
                branch(each -> each.setParent(new RolloutParent("r-1/0", 2)), "after 2 tokens of the 2"),
                branch(each -> each.setParent(new RolloutParent("r-1/0", 0)), "after 0 tokens of the 2"),
                invalid(each -> each.setTokenStarts(List.of(0, 1)), "2 starts in the text for 3"),
                invalid(each -> each.setTokenStarts(List.of(0, 1, 0)), "response token 2 begins at character 0"),
                invalid(each -> each.setTokenStarts(List.of(0, 1, 2)), "response token 2 begins at character 2"));
    }

    @ParameterizedTest
    @MethodSource
    void shouldRefuse(Consumer<Rollout.Builder> change, String violation) {
        Rollout.Builder rollout = rollout();
        change.accept(rollout);
        assertThat(RolloutRules.violation(rollout.build())).contains(violation).hasSizeLessThan(1_000);
    }
}
