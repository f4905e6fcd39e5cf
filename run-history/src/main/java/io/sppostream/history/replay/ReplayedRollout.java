package io.sppostream.history.replay;

import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import org.jspecify.annotations.Nullable;

/**
 * A rollout that is replayed.
 *
 * @param sample the recorded training sample; null if neither policy nor critic of the source has trained on it
 */
record ReplayedRollout(Rollout rollout, @Nullable TrainingSample sample) {
    static ReplayedRollout of(TrainingSample sample) {
        return new ReplayedRollout(sample.getRollout(), sample);
    }

    String rolloutId() {
        return rollout.getRolloutId();
    }

    String requestId() {
        return rollout.getRequestId();
    }
}
