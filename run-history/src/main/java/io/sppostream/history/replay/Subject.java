package io.sppostream.history.replay;

import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import org.jspecify.annotations.Nullable;

/**
 * A rollout that is replayed.
 *
 * @param sample what a line of the source has trained on; null where none has
 */
record Subject(Rollout rollout, @Nullable TrainingSample sample) {
    static Subject of(TrainingSample sample) {
        return new Subject(sample.getRollout(), sample);
    }

    String rolloutId() {
        return rollout.getRolloutId();
    }

    String requestId() {
        return rollout.getRequestId();
    }
}
