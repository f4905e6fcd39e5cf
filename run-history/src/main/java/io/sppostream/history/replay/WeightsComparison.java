package io.sppostream.history.replay;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * The weights of a replay's policy or critic compared with the recorded ones, step by step.
 *
 * @param steps of the replay
 * @param recordedSteps of the source
 * @param sha256 of the replay's last version; empty if there is none
 * @param recordedSha256 of the source's last version; empty if there is none
 * @param firstDifferentStep the first step with other weights than recorded; 0 if there is none
 */
record WeightsComparison(
        @JsonProperty("steps") int steps,
        @JsonProperty("recorded_steps") int recordedSteps,
        @JsonProperty("sha256") String sha256,
        @JsonProperty("recorded_sha256") String recordedSha256,
        @JsonProperty("first_different_step") int firstDifferentStep) {

    /** Compares the hashes of the weights after each step. */
    static WeightsComparison of(List<String> hashes, List<String> recorded) {
        int same = 0;
        while (same < Math.min(hashes.size(), recorded.size())
                && hashes.get(same).equals(recorded.get(same))) {
            same++;
        }
        boolean identical = same == hashes.size() && same == recorded.size();
        return new WeightsComparison(
                hashes.size(), recorded.size(), last(hashes), last(recorded), identical ? 0 : same + 1);
    }

    private static String last(List<String> hashes) {
        return hashes.isEmpty() ? "" : hashes.get(hashes.size() - 1);
    }

    boolean identical() {
        return firstDifferentStep == 0;
    }
}
