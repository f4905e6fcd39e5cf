package io.sppostream.history.replay;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * Held-out accuracy of three policies, with the same judge; null if their answers were not judged.
 *
 * @param before of the start policy
 * @param after of the policy that the replay trained
 * @param recorded of the source's last policy; null if the source has not trained one
 */
record AccuracyComparison(
        @JsonProperty("before") @Nullable Double before,
        @JsonProperty("after") @Nullable Double after,
        @JsonProperty("recorded") @Nullable Double recorded) {}
