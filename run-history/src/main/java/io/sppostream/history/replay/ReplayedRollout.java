package io.sppostream.history.replay;

import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.history.replay.ReplayJudge.Ruling;
import org.jspecify.annotations.Nullable;

/**
 * A rollout that is replayed.
 *
 * @param sample the recorded training sample; null if neither policy nor critic of the source has trained on it
 * @param ruling the recorded one of a rollout without a sample; null if none is known
 */
record ReplayedRollout(
        Rollout rollout,
        @Nullable TrainingSample sample,
        @Nullable Ruling ruling) {
    static ReplayedRollout of(TrainingSample sample) {
        return new ReplayedRollout(sample.getRollout(), sample, null);
    }

    /** A rollout that the source has not trained on, and that is judged again. */
    static ReplayedRollout untrained(Rollout rollout) {
        return new ReplayedRollout(rollout, null, null);
    }

    String rolloutId() {
        return rollout.getRolloutId();
    }

    String requestId() {
        return rollout.getRequestId();
    }
}
