package io.sppostream.sppo.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a run came to; {@code summary.json}. Seconds count from the release of the first prompt to the last commit.
 *
 * @param settings the effective configuration
 * @param steps steps both lines have committed
 * @param rollouts rollouts trained on
 * @param accuracyBefore held-out accuracy of the start policy, sampled
 * @param accuracyAfter that of the last version evaluated
 * @param policyLagMean policy versions between sampling and training, over all samples
 * @param effectiveSampleSizeMin the least of a step, in (0, 1]
 * @param ratioMax the largest pi / pi_behaviour of a token
 * @param clipFraction part of the tokens that the clip held, mean over the steps
 * @param weightsSha256 of the last policy version
 * @param secondsByRole processor seconds
 * @param secondsToHalf until the first version evaluated at .50 or more; null where none was
 * @param secondsToFirstRollout from the start of the process to the first rollout on the log
 * @param criticExplainedVariance over the last fifth of the steps, of the probability
 */
public record Summary(
        @JsonProperty("run") String run,
        @JsonProperty("settings") Map<String, ?> settings,
        @JsonProperty("configuration_sha256") String configurationSha256,
        @JsonProperty("steps") int steps,
        @JsonProperty("rollouts") long rollouts,
        @JsonProperty("expired") long expired,
        @JsonProperty("seconds") double seconds,
        @JsonProperty("accuracy_before") double accuracyBefore,
        @JsonProperty("accuracy_after") double accuracyAfter,
        @JsonProperty("rollouts_per_second") double rolloutsPerSecond,
        @JsonProperty("tokens_per_second") double tokensPerSecond,
        @JsonProperty("policy_lag_mean") double policyLagMean,
        @JsonProperty("policy_lag_max") int policyLagMax,
        @JsonProperty("effective_sample_size_min") double effectiveSampleSizeMin,
        @JsonProperty("ratio_max") double ratioMax,
        @JsonProperty("clip_fraction") double clipFraction,
        @JsonProperty("weights_sha256") String weightsSha256,
        @JsonProperty("critic_weights_sha256") String criticWeightsSha256,
        @JsonProperty("critic_explained_variance") double criticExplainedVariance,
        @JsonProperty("seconds_to_first_rollout") double secondsToFirstRollout,
        @JsonProperty("seconds_to_half") @Nullable Double secondsToHalf,
        @JsonProperty("seconds_by_role") Map<String, Double> secondsByRole) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Writes {@code summary.json}. */
    public void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        JSON.writeValue(directory.resolve("summary.json").toFile(), this);
    }

    /** Prints what a person wants to know. */
    public void print(PrintStream out) {
        String roles = secondsByRole.entrySet().stream()
                .map(role -> String.format(Locale.ROOT, "%s %.1f", role.getKey(), role.getValue()))
                .collect(Collectors.joining(", "));
        out.printf(
                Locale.ROOT,
                "%n"
                        + "held-out accuracy   %.3f -> %.3f%s%n"
                        + "trained             %,d rollouts in %d steps, %.1f s: %,.0f rollouts/s, %,.0f tokens/s%n"
                        + "policy lag          mean %.2f, max %d versions; %d expired%n"
                        + "off-policy          effective sample size at least %.3f, ratios up to %.2f, %.1f %% clipped%n"
                        + "critic              explained variance %.3f%n"
                        + "first rollout       %.1f s after the start%n"
                        + "processor seconds   %s%n"
                        + "weights             %s%n",
                accuracyBefore,
                accuracyAfter,
                secondsToHalf == null ? "" : String.format(Locale.ROOT, " (.50 after %.1f s)", secondsToHalf),
                rollouts,
                steps,
                seconds,
                rolloutsPerSecond,
                tokensPerSecond,
                policyLagMean,
                policyLagMax,
                expired,
                effectiveSampleSizeMin,
                ratioMax,
                100 * clipFraction,
                criticExplainedVariance,
                secondsToFirstRollout,
                roles,
                weightsSha256);
    }
}
