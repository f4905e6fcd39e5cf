package io.sppostream.run.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a run came to; {@code summary.json}. Seconds count from the release of the first prompt to the last commit,
 * without interruptions; processor seconds are those of the process that ended the run.
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
 * @param stepSeconds what a step of the policy is made of, the mean, by the names of {@link #STEP_PARTS}: waiting for
 *     samples, the update, its weights sent, and the ledger record and the transaction committed
 * @param secondsByRole processor seconds
 * @param secondsToHalf until the first version evaluated at .50 or more; null where none was
 * @param secondsToFirstRollout from the start of the process to its first rollout on the log
 * @param weightsBytesFull a policy version on the log, whole
 * @param weightsBytesDelta a policy version on the log as its difference from the one before; null where none is
 * @param secondsToLive from a policy version's publication to the first rollout sampled with it, the mean
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
        @JsonProperty("weights_bytes_full") double weightsBytesFull,
        @JsonProperty("weights_bytes_delta") @Nullable Double weightsBytesDelta,
        @JsonProperty("seconds_to_live") double secondsToLive,
        @JsonProperty("step_seconds") Map<String, Double> stepSeconds,
        @JsonProperty("seconds_by_role") Map<String, Double> secondsByRole) {
    /** The parts of a step, in order; the ledger has each as a metric {@code seconds_<part>}. */
    public static final List<String> STEP_PARTS = List.of("waiting", "updating", "publishing", "committing");

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Where the summary of a run's folder is. */
    public static Path file(Path directory) {
        return directory.resolve("summary.json");
    }

    /** Writes {@code summary.json}, whole or not at all. */
    public void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Path draft = directory.resolve("summary.json.tmp");
        JSON.writeValue(draft.toFile(), this);
        Files.move(draft, file(directory), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Prints what a person wants to know. */
    public void print(PrintStream out) {
        double step =
                stepSeconds.values().stream().mapToDouble(Double::doubleValue).sum();
        String parts = stepSeconds.entrySet().stream()
                .map(part -> String.format(
                        Locale.ROOT,
                        "%s %.1f ms (%.1f %%)",
                        part.getKey(),
                        1e3 * part.getValue(),
                        100 * part.getValue() / step))
                .collect(Collectors.joining(", "));
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
                        + "a policy version    %,.0f KB whole%s; sampled with %.2f s after its publication%n"
                        + "a policy step       %s%n"
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
                weightsBytesFull / 1e3,
                weightsBytesDelta == null
                        ? ""
                        : String.format(Locale.ROOT, ", %,.0f KB as a difference", weightsBytesDelta / 1e3),
                secondsToLive,
                parts,
                roles,
                weightsSha256);
    }
}
