package io.sppostream.run.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
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
 * The summary of a run, by theme; {@code summary.json} has the fields of all themes in one object. Seconds count from
 * the release of the first prompt to the last commit, without interruptions. A number that cannot be computed, such as a
 * rate before the first step, is null.
 */
public record Summary(
        @JsonUnwrapped Origin origin,
        @JsonUnwrapped Totals totals,
        @JsonUnwrapped Learning learning,
        @JsonUnwrapped OffPolicy offPolicy,
        @JsonUnwrapped Weights weights,
        @JsonUnwrapped Timing timing,
        @JsonUnwrapped Memory memory) {
    /** The parts of a step, in order; the ledger has each as a metric {@code seconds_<part>}. */
    public static final List<String> STEP_PARTS = List.of(Bottleneck.WAITING, "updating", "publishing", "committing");

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * The run.
     *
     * @param settings the effective configuration
     * @param resumptions how often the run was resumed
     */
    public record Origin(
            @JsonProperty("run") String run,
            @JsonProperty("settings") Map<String, ?> settings,
            @JsonProperty("configuration_sha256") String configurationSha256,
            @JsonProperty("resumptions") int resumptions) {}

    /**
     * How much was trained, and how fast.
     *
     * @param steps steps that both policy and critic have committed
     * @param rollouts rollouts that the policy has trained on, and evidence
     * @param evidence rollouts that only served to estimate the advantages of others
     * @param expired rollouts and requests that nothing trains on, evidence not included
     */
    public record Totals(
            @JsonProperty("steps") int steps,
            @JsonProperty("rollouts") long rollouts,
            @JsonProperty("evidence") long evidence,
            @JsonProperty("expired") long expired,
            @JsonProperty("seconds") double seconds,
            @JsonProperty("rollouts_per_second") @Nullable Double rolloutsPerSecond,
            @JsonProperty("tokens_per_second") @Nullable Double tokensPerSecond) {}

    /**
     * How well it learned.
     *
     * @param accuracyBefore held-out accuracy of the first version evaluated, by sampling; null if it was not judged
     * @param accuracyAfter that of the last version evaluated
     * @param accuracyNotJudged why one of the two is null; null if neither is
     * @param secondsToHalf until the first version with an accuracy of .50 or more; null if there is none
     * @param criticExplainedVariance of the probability, mean over the last fifth of the critic's steps
     * @param evaluations the versions evaluated, in order
     * @param steps what the steps measured
     */
    public record Learning(
            @JsonProperty("accuracy_before") @Nullable Double accuracyBefore,
            @JsonProperty("accuracy_after") @Nullable Double accuracyAfter,
            @JsonProperty("accuracy_not_judged") @Nullable String accuracyNotJudged,
            @JsonProperty("seconds_to_half") @Nullable Double secondsToHalf,

            @JsonProperty("critic_explained_variance") @Nullable
            Double criticExplainedVariance,

            @JsonProperty("evaluations") List<LearningCurve.Accuracy> evaluations,
            @JsonUnwrapped StepMeans steps) {}

    /**
     * What the steps measured, by the names of the ledger: each metric's mean over the last fifth of the steps, of those
     * that have it.
     *
     * @param policyMetrics those of the policy, by name
     * @param criticMetrics those of the critic, by name; empty without a critic
     * @param criticCalibration the critic's reliability over the last fifth of its steps; null if the ledger has none
     */
    public record StepMeans(
            @JsonProperty("policy_metrics") Map<String, Double> policyMetrics,
            @JsonProperty("critic_metrics") Map<String, Double> criticMetrics,

            @JsonProperty("critic_calibration") @Nullable Reliability criticCalibration) {}

    /**
     * How far the trained policy was from the policies that sampled.
     *
     * @param policyLagMean policy versions between sampling and training, over all samples
     * @param effectiveSampleSizeMin the least of a step, in (0, 1]
     * @param ratioMax the largest pi / pi_behaviour of a token
     * @param clipFraction share of the tokens that were clipped, mean over the steps
     */
    public record OffPolicy(
            @JsonProperty("policy_lag_mean") double policyLagMean,
            @JsonProperty("policy_lag_max") int policyLagMax,
            @JsonProperty("effective_sample_size_min") double effectiveSampleSizeMin,
            @JsonProperty("ratio_max") double ratioMax,
            @JsonProperty("clip_fraction") double clipFraction) {}

    /**
     * The weights on the log.
     *
     * @param weightsSha256 of the last policy version
     * @param weightsBytesFull mean size of a policy version that is on the log in full
     * @param weightsBytesDelta mean size of a policy version that is on the log as a delta to the version before; null if
     *     none is
     */
    public record Weights(
            @JsonProperty("weights_sha256") String weightsSha256,
            @JsonProperty("critic_weights_sha256") String criticWeightsSha256,
            @JsonProperty("weights_bytes_full") double weightsBytesFull,
            @JsonProperty("weights_bytes_delta") @Nullable Double weightsBytesDelta) {}

    /**
     * Where the time went.
     *
     * @param secondsToFirstRollout from the start of this process to its first rollout on the log
     * @param secondsToLive mean from the publication of a policy version to the first rollout sampled with it
     * @param stepSeconds mean seconds of the parts of a policy step, by the names of {@link #STEP_PARTS}: waiting for
     *     samples, updating, sending the weights, and committing the ledger record and the transaction
     * @param secondsByRole processor seconds of this process and its broker
     * @param bottleneck the part of a policy step that takes longest; null before the first step
     */
    public record Timing(
            @JsonProperty("seconds_to_first_rollout") double secondsToFirstRollout,
            @JsonProperty("seconds_to_live") double secondsToLive,
            @JsonProperty("step_seconds") Map<String, Double> stepSeconds,
            @JsonProperty("seconds_by_role") Map<String, Double> secondsByRole,
            @JsonProperty("bottleneck") @Nullable Bottleneck bottleneck) {}

    /**
     * How much memory it took.
     *
     * @param peakResidentBytes the most that this process had, without its broker's; null if the system does not tell
     * @param peakHeapBytes the most of Java's heap that was used, garbage included; part of the former
     * @param peakBrokerBytes the most that the broker's process had; null without an embedded broker, or if the system does
     *     not tell
     */
    public record Memory(
            @JsonProperty("peak_resident_bytes") @Nullable Long peakResidentBytes,
            @JsonProperty("peak_heap_bytes") long peakHeapBytes,
            @JsonProperty("peak_broker_bytes") @Nullable Long peakBrokerBytes) {}

    /**
     * The part of a policy step that takes longest.
     *
     * @param part one of {@link #STEP_PARTS}
     * @param seconds of the part, mean over the steps
     * @param stepSeconds of all parts
     * @param role if the part is waiting, the role that the learner waits for longest; null if that is not known
     * @param roleShare share of the waiting that is for this role, in [0, 1]; null without a role
     */
    public record Bottleneck(
            @JsonProperty("part") String part,
            @JsonProperty("seconds") double seconds,
            @JsonProperty("step_seconds") double stepSeconds,
            @JsonProperty("role") @Nullable String role,
            @JsonProperty("role_share") @Nullable Double roleShare) {

        /** The part's name in {@link #STEP_PARTS} if the learner waits for others. */
        public static final String WAITING = "waiting";

        /** The largest part of a step, without a role; null if no part has taken any time. */
        public static @Nullable Bottleneck of(Map<String, Double> stepSeconds) {
            double step = stepSeconds.values().stream()
                    .mapToDouble(Double::doubleValue)
                    .sum();
            return stepSeconds.entrySet().stream()
                    .filter(part -> part.getValue() > 0)
                    .max(Map.Entry.comparingByValue())
                    .map(part -> new Bottleneck(part.getKey(), part.getValue(), step, null, null))
                    .orElse(null);
        }

        /**
         * This, with the role that the learner waits for longest.
         *
         * @param seconds that it waits for each role; may be empty
         */
        public Bottleneck waitingFor(Map<String, Double> seconds) {
            double all =
                    seconds.values().stream().mapToDouble(Double::doubleValue).sum();
            return seconds.entrySet().stream()
                    .max(Map.Entry.comparingByValue())
                    .map(longest ->
                            new Bottleneck(part, this.seconds, stepSeconds, longest.getKey(), longest.getValue() / all))
                    .orElse(this);
        }

        String text() {
            return String.format(Locale.ROOT, "%s: %.1f of %.1f ms a step", work(), 1e3 * seconds, 1e3 * stepSeconds)
                    + (role == null || roleShare == null
                            ? ""
                            : String.format(Locale.ROOT, ", %.0f %% of it for the %s", 100 * roleShare, role));
        }

        private String work() {
            return switch (part) {
                case WAITING -> "waiting for samples";
                case "updating" -> "updating the policy";
                case "publishing" -> "publishing the weights";
                case "committing" -> "committing the step";
                default -> part;
            };
        }
    }

    /** The summary's file in the folder of a run. */
    public static Path file(Path directory) {
        return directory.resolve("summary.json");
    }

    /** Writes {@code summary.json} atomically. */
    public void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Path draft = directory.resolve("summary.json.tmp");
        JSON.writeValue(draft.toFile(), this);
        Files.move(draft, file(directory), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Prints the summary for a person. */
    public void print(PrintStream out) {
        out.println();
        row(
                out,
                "held-out accuracy",
                "%s -> %s%s%s",
                number("%.3f", learning.accuracyBefore()),
                number("%.3f", learning.accuracyAfter()),
                learning.secondsToHalf() == null ? "" : number(" (.50 after %.1f s)", learning.secondsToHalf()),
                learning.accuracyNotJudged() == null
                        ? ""
                        : " (" + TerminalText.printable(learning.accuracyNotJudged()) + ")");
        row(
                out,
                "trained",
                "%,d rollouts%s in %d steps, %.1f s: %s rollouts/s, %s tokens/s",
                totals.rollouts(),
                totals.evidence() == 0
                        ? ""
                        : String.format(Locale.ROOT, ", of which %,d are evidence,", totals.evidence()),
                totals.steps(),
                totals.seconds(),
                number("%,.0f", totals.rolloutsPerSecond()),
                number("%,.0f", totals.tokensPerSecond()));
        row(
                out,
                "policy lag",
                "mean %.2f, max %d versions; %d expired",
                offPolicy.policyLagMean(),
                offPolicy.policyLagMax(),
                totals.expired());
        row(
                out,
                "off-policy",
                "effective sample size at least %.3f, ratios up to %.2f, %.1f %% clipped",
                offPolicy.effectiveSampleSizeMin(),
                offPolicy.ratioMax(),
                100 * offPolicy.clipFraction());
        Map<String, Double> policy = learning.steps().policyMetrics();
        Double cut = policy.get("response_cut_share");
        row(
                out,
                "policy",
                "entropy %s nats; mismatch KL %s; responses of %s tokens, %s cut off",
                number("%.3f", policy.get("entropy")),
                number("%.1e", policy.get("mismatch_kl")),
                number("%.1f", policy.get("response_length_mean")),
                cut == null ? "-" : number("%.1f %%", 100 * cut));
        if (!weights.criticWeightsSha256().isEmpty()) {
            Map<String, Double> critic = learning.steps().criticMetrics();
            row(
                    out,
                    "critic",
                    "explained variance %s; Brier score %s; calibration error %s; AUC %s",
                    number("%.3f", learning.criticExplainedVariance()),
                    number("%.3f", critic.get("brier_score")),
                    number("%.3f", critic.get("expected_calibration_error")),
                    number("%.3f", critic.get("auc")));
        }
        row(out, "first rollout", "%.1f s after the start", timing.secondsToFirstRollout());
        row(
                out,
                "a policy version",
                "%,.0f KB in full%s; first sampled %.2f s after publication",
                weights.weightsBytesFull() / 1e3,
                weights.weightsBytesDelta() == null
                        ? ""
                        : String.format(Locale.ROOT, ", %,.0f KB as a delta", weights.weightsBytesDelta() / 1e3),
                timing.secondsToLive());
        row(out, "a policy step", "%s", stepParts());
        row(
                out,
                "bottleneck",
                "%s",
                timing.bottleneck() == null ? "-" : timing.bottleneck().text());
        row(out, "processor seconds", "%s", processorSeconds());
        if (memory.peakResidentBytes() != null) {
            row(
                    out,
                    "peak memory",
                    "%.2f GB, of which up to %.2f GB are heap%s",
                    memory.peakResidentBytes() / 1e9,
                    memory.peakHeapBytes() / 1e9,
                    memory.peakBrokerBytes() == null
                            ? ""
                            : String.format(Locale.ROOT, "; broker %.2f GB", memory.peakBrokerBytes() / 1e9));
        }
        row(out, "weights", "%s", weights.weightsSha256().isEmpty() ? "-" : weights.weightsSha256());
    }

    private static void row(PrintStream out, String name, String format, Object... arguments) {
        out.printf("%-19s %s%n", name, String.format(Locale.ROOT, format, arguments));
    }

    private static String number(String format, @Nullable Double number) {
        return number == null ? "-" : String.format(Locale.ROOT, format, number);
    }

    private String stepParts() {
        double step = timing.stepSeconds().values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        if (!(step > 0)) {
            return "-";
        }
        return timing.stepSeconds().entrySet().stream()
                .map(part -> String.format(
                        Locale.ROOT,
                        "%s %.1f ms (%.1f %%)",
                        part.getKey(),
                        1e3 * part.getValue(),
                        100 * part.getValue() / step))
                .collect(Collectors.joining(", "));
    }

    private String processorSeconds() {
        return timing.secondsByRole().entrySet().stream()
                .map(role -> String.format(Locale.ROOT, "%s %.1f", role.getKey(), role.getValue()))
                .collect(Collectors.joining(", "));
    }
}
