package io.sppostream.run.timeline;

import io.sppostream.events.ReplayOf;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * When the stages of one training sample were done. A time is null if the log does not have it, or if the work was done
 * in another run that this one replays.
 *
 * @param scoresResponse whether the critic scored the response rather than the prompt
 * @param judged the last of the verdicts that the reward follows from
 */
record SampleTimes(
        @Nullable Instant released,
        @Nullable Instant scored,
        boolean scoresResponse,
        @Nullable Instant sampled,
        @Nullable Instant judged,
        Instant credited) {

    /** @param replayOf the source of a replay; null for a run */
    static SampleTimes of(TrainingSample sample, @Nullable ReplayOf replayOf) {
        Value value = sample.getValue();
        Instant judged = sample.getFurtherVerdicts().stream()
                .map(Verdict::getJudgedAt)
                .reduce(sample.getVerdict().getJudgedAt(), Hop::later);
        return new SampleTimes(
                value == null || replayOf != null ? null : value.getReleasedAt(),
                value == null || (replayOf != null && !replayOf.getScored()) ? null : value.getScoredAt(),
                value != null && value.getRolloutId() != null,
                replayOf != null ? null : sample.getRollout().getSampledAt(),
                replayOf != null && !replayOf.getJudged() ? null : judged,
                sample.getEstimatedAt());
    }
}
