package io.sppostream.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.Topics;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ActivityTest {
    private final Activity activity = new Activity(EnumSet.complementOf(EnumSet.of(Role.FEED)));

    private static Prompt prompt(String requestId, int samples) {
        return new Prompt(
                requestId,
                "p",
                "addition",
                List.of(new Message("user", "1+1=")),
                "2",
                samples,
                0,
                Instant.EPOCH,
                null,
                null,
                0);
    }

    private static Expired expired(String requestId, @Nullable String rolloutId, ExpiryReason reason) {
        return new Expired(requestId, rolloutId, reason, "", "policy-learner", Instant.EPOCH, 0);
    }

    private static TrainingStep step(String kind, int step, String... rolloutIds) {
        return TrainingStep.newBuilder()
                .setLine(kind)
                .setStep(step)
                .setFromVersion(step - 1)
                .setToVersion(step)
                .setFromSha256("00")
                .setToSha256("01")
                .setSamples(Stream.of(rolloutIds)
                        .map(id -> TrainedSample.newBuilder()
                                .setRolloutId(id)
                                .setPartition(0)
                                .setOffset(0)
                                .setPolicyLag(0)
                                .build())
                        .toList())
                .setSamplesTrained(rolloutIds.length)
                .setConsumed(List.of())
                .setConfigurationSha256("02")
                .setMetrics(Map.of())
                .setStartedAt(Instant.EPOCH)
                .setEndedAt(Instant.EPOCH)
                .build();
    }

    @Test
    void shouldShowZeroesAtFirst() {
        assertThat(activity.line())
                .isEqualTo("prompts 0 | rollouts 0 | verdicts 0 | trained 0 | expired 0 | pending 0");
    }

    @Test
    void shouldCountTheRolloutsOfFollowUpsAsPendingUntilTheySettle() {
        String id = "r1~0123456789abcdef";
        activity.add(prompt("r1", 1));
        activity.add(Prompt.newBuilder(prompt("r1", 2))
                .setFollowUp(new FollowUpRequest(id, RequestPurpose.PREFIX_VALUE, null, List.of()))
                .build());
        activity.add(expired("r1", id + "/0", ExpiryReason.EVIDENCE));

        assertThat(activity.line())
                .isEqualTo("prompts 1 | rollouts 0 | verdicts 0 | trained 0 | expired 1 (1 EVIDENCE) | pending 2");

        activity.add(expired("r1", null, ExpiryReason.NO_ROLLOUT_IN_TIME));
        assertThat(activity.line()).endsWith("pending 0");
    }

    @Test
    void shouldCountWhatBecomesOfPromptsAndWhyTheyExpire() {
        activity.add(prompt("r1", 2));
        activity.add(prompt("r2", 1));
        activity.add(prompt("r3", 1));
        activity.add(prompt("r4", 1));
        activity.add(new Verdict(
                "r1/0",
                "r1",
                "judge",
                "1",
                VerdictStatus.TIMEOUT,
                null,
                null,
                "no-answer",
                Instant.EPOCH,
                Map.of(),
                false));
        activity.add(step("policy", 1, "r1/0"));
        activity.add(step("critic", 1, "r1/0"));
        assertThat(activity.hasSeen(ExpiryReason.STALE)).isFalse();
        activity.add(expired("r1", "r1/1", ExpiryReason.STALE));
        activity.add(expired("r1", "r1/1", ExpiryReason.DUPLICATE));
        activity.add(expired("r2", null, ExpiryReason.NO_ROLLOUT_IN_TIME));

        assertThat(activity.hasSeen(ExpiryReason.STALE)).isTrue();
        assertThat(activity.line())
                .isEqualTo("prompts 4 | rollouts 0 | verdicts 1 (1 not judged) | trained 1"
                        + " | expired 3 (1 STALE, 1 NO_ROLLOUT_IN_TIME, 1 DUPLICATE) | pending 2 | step 1");
    }

    @Test
    void shouldNotCountARolloutAsPendingWhenItsPromptIsReadAfterItsStep() {
        activity.add(step("policy", 1, "r1/0"));
        activity.add(prompt("r1", 1));

        assertThat(activity.line()).endsWith("| pending 0 | step policy 1");
    }

    @Test
    void shouldShowWhatARoleReadsAndWrites() {
        Activity verify = new Activity(Set.of(Role.VERIFY));
        Topics topics = new Topics("run", 1);

        assertThat(verify.line()).isEqualTo("rollouts 0 | verdicts 0");
        assertThat(verify.topics(topics))
                .extracting(topic -> topic.name())
                .containsExactlyInAnyOrder(
                        topics.rollouts().name(), topics.verdicts().name());
    }
}
