package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

public class PolicySampleTest {
    private static final Rollout ROLLOUT = rollout(new PolicySegment(3, 7, "00"));

    /** A response of three tokens. */
    public static Rollout rollout(PolicySegment... segments) {
        return Rollout.newBuilder()
                .setRolloutId("r-1/0")
                .setRequestId("r-1")
                .setPromptId("p-1")
                .setDataset("addition")
                .setMessages(List.of(new Message("user", "1+2=")))
                .setReference("3")
                .setPromptTokens(List.of(1, 10, 2, 11))
                .setResponseTokens(List.of(3, 5, 12))
                .setText("35")
                .setBehaviourLogProbs(List.of(-0.5f, -0.25f, -0.125f))
                .setPolicySegments(List.of(segments))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 4))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
    }

    private static double[] advantages(AdvantageSegment... segments) {
        return PolicySample.of(ROLLOUT, List.of(segments), List.of()).advantages();
    }

    @Test
    void shouldTakeTokensAndLogProbsFromARollout() {
        PolicySample sample = PolicySample.of(ROLLOUT, List.of(new AdvantageSegment(3, 0.75, true)), List.of());

        assertThat(sample.rolloutId()).isEqualTo("r-1/0");
        assertThat(sample.requestId()).isEqualTo("r-1");
        assertThat(sample.tokens().prompt()).containsExactly(1, 10, 2, 11);
        assertThat(sample.tokens().response()).containsExactly(3, 5, 12);
        assertThat(sample.behaviourLogProbs()).containsExactly(-0.5f, -0.25f, -0.125f);
    }

    @Test
    void shouldSpreadAnAdvantageWhenItsSegmentHasSeveralTokens() {
        assertThat(advantages(new AdvantageSegment(3, 0.75, true))).containsExactly(0.75, 0.75, 0.75);
        assertThat(advantages(new AdvantageSegment(2, 0.5, true), new AdvantageSegment(3, -0.25, true)))
                .containsExactly(0.5, 0.5, -0.25);
        assertThat(advantages(
                        new AdvantageSegment(1, 1.0, true),
                        new AdvantageSegment(2, 2.0, true),
                        new AdvantageSegment(3, 3.0, true)))
                .containsExactly(1, 2, 3);
    }

    @Test
    void shouldMaskTokensWhenTheirSegmentIsNotTrained() {
        PolicySample sample = PolicySample.of(
                ROLLOUT,
                List.of(
                        new AdvantageSegment(1, 0.5, true),
                        new AdvantageSegment(2, 0.5, false),
                        new AdvantageSegment(3, 0.25, true)),
                List.of());

        assertThat(sample.trained()).containsExactly(true, false, true);
        assertThat(sample.trainedTokens()).isEqualTo(2);
        assertThat(sample.segments().trainedPerToken()).containsExactly(true, false, true);
    }
}
