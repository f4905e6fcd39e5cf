package io.sppostream.history.replay;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A replay compared with its source.
 *
 * @param from name of the source
 * @param into name of the new namespace
 * @param samples training samples that the replay wrote for the policy
 * @param judged rollouts that were judged again; 0 if the recorded verdicts were used
 * @param flips how many of them have another reward
 * @param untrained judged rollouts that the source had not trained on, by the reason
 * @param untrainedRewarded how many of these have a reward now
 * @param values of prompts, by the samples that have them
 * @param advantages of tokens, where they change
 * @param critic null if the recorded values were used
 * @param policy null if no policy was trained
 * @param offPolicy null if no policy was trained
 * @param accuracy null if no policy was trained, or there is no dataset
 * @param seconds from the first record read to the last record written
 * @param recordedSeconds from the source's first training step to its last
 */
record ReplayReport(
        @JsonProperty("from") String from,
        @JsonProperty("into") String into,
        @JsonProperty("samples") long samples,
        @JsonProperty("judged") long judged,
        @JsonProperty("flips") long flips,
        @JsonProperty("untrained") Map<String, Long> untrained,
        @JsonProperty("untrained_rewarded") long untrainedRewarded,
        @JsonProperty("values") NumericDifference values,
        @JsonProperty("advantages") NumericDifference advantages,
        @JsonProperty("critic") @Nullable WeightsComparison critic,
        @JsonProperty("policy") @Nullable WeightsComparison policy,
        @JsonProperty("off_policy") @Nullable OffPolicyStatistics offPolicy,
        @JsonProperty("accuracy") @Nullable AccuracyComparison accuracy,
        @JsonProperty("seconds") double seconds,
        @JsonProperty("recorded_seconds") double recordedSeconds) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Writes {@code replay.json}, and a line per flip to {@code flips.jsonl}. */
    void write(Path directory, List<RewardFlip> all) throws IOException {
        Files.createDirectories(directory);
        JSON.writerWithDefaultPrettyPrinter()
                .writeValue(directory.resolve("replay.json").toFile(), this);
        List<String> lines = new ArrayList<>(all.size());
        for (RewardFlip flip : all) {
            lines.add(JSON.writeValueAsString(flip));
        }
        Files.write(directory.resolve("flips.jsonl"), lines);
    }
}
