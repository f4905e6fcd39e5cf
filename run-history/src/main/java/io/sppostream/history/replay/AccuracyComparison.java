package io.sppostream.history.replay;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * Held-out accuracy of three policies, with the same judge.
 *
 * @param before of the start policy
 * @param after of the policy that the replay trained
 * @param recorded of the source's last policy; null if the source has not trained one
 */
record AccuracyComparison(
        @JsonProperty("before") double before,
        @JsonProperty("after") double after,
        @JsonProperty("recorded") @Nullable Double recorded) {}
