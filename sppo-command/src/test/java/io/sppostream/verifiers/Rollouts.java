package io.sppostream.verifiers;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import java.time.Instant;
import java.util.List;

/** Rollouts to judge. */
final class Rollouts {
    private Rollouts() {}

    static Rollout of(String requestId, String dataset, String text, String reference) {
        return Rollout.newBuilder()
                .setRolloutId(requestId + "/0")
                .setRequestId(requestId)
                .setPromptId("p-1")
                .setDataset(dataset)
                .setMessages(List.of(new Message("user", "12+30=")))
                .setReference(reference)
                .setPromptTokens(List.of(1, 2, 10, 3, 0, 11))
                .setResponseTokens(List.of(4, 2, 12))
                .setText(text)
                .setBehaviourLogProbs(List.of(-0.5f, -0.25f, -0.125f))
                .setPolicySegments(List.of(new PolicySegment(3, 7, "00")))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 4))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
    }
}
