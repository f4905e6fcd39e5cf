package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Expired;
import io.sppostream.events.TrainingSample;

/** What a rollout settles as: a training sample, or an expiry. */
sealed interface Settlement {
    /** The rollout. */
    String rolloutId();

    /** The rollout is trained on. */
    record Trained(TrainingSample sample) implements Settlement {
        @Override
        public String rolloutId() {
            return sample.getRollout().getRolloutId();
        }
    }

    /**
     * The rollout is not trained on.
     *
     * @param deadLetter whether it also goes to the DLQ of its topic, because no verifier can ever judge it
     */
    record NotTrained(Expired expired, boolean deadLetter) implements Settlement {
        @Override
        public String rolloutId() {
            return requireNonNull(expired.getRolloutId());
        }
    }
}
