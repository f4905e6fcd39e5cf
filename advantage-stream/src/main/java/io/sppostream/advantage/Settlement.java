package io.sppostream.advantage;

import io.sppostream.events.Expired;
import io.sppostream.events.TrainingSample;

/** What a rollout settles as: a training sample, or an expiry. */
sealed interface Settlement {
    /** The rollout is trained on. */
    record Trained(TrainingSample sample) implements Settlement {}

    /**
     * The rollout is not trained on.
     *
     * @param deadLetter whether it also goes to the DLQ of its topic, because no verifier can ever judge it
     */
    record NotTrained(Expired expired, boolean deadLetter) implements Settlement {}
}
