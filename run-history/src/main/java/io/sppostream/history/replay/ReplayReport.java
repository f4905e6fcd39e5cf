package io.sppostream.history.replay;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.events.TrainingStep;
import io.sppostream.history.replay.ReplayComparison.Flip;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A replay beside what it replays; {@code replay.json}, with every flip in {@code flips.jsonl}.
 *
 * @param judged rollouts that were judged again; 0 where the recorded verdicts held
 * @param flips how many are rewarded otherwise
 * @param untrained how many of them the source had not trained on, by why it had not
 * @param untrainedRewarded how many of these are rewarded
 * @param values prompts' values, as far as samples have them, and how many differ
 * @param advantages advantages, and how many differ
 * @param critic what became of the critic's weights; null where values were those recorded
 * @param policy what became of the policy's weights; null where none was trained
 * @param seconds from the first recorded sample read to the last record written
 * @param recordedSeconds what the source took from its first step to its last
 */
record ReplayReport(
        @JsonProperty("from") String from,
        @JsonProperty("into") String into,
        @JsonProperty("samples") long samples,
        @JsonProperty("judged") long judged,
        @JsonProperty("flips") long flips,
        @JsonProperty("untrained") Map<String, Long> untrained,
        @JsonProperty("untrained_rewarded") long untrainedRewarded,
        @JsonProperty("values") Difference values,
        @JsonProperty("advantages") Difference advantages,
        @JsonProperty("critic") @Nullable Weights critic,
        @JsonProperty("policy") @Nullable Weights policy,
        @JsonProperty("off_policy") @Nullable OffPolicy offPolicy,
        @JsonProperty("accuracy") @Nullable Accuracy accuracy,
        @JsonProperty("seconds") double seconds,
        @JsonProperty("recorded_seconds") double recordedSeconds) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int FLIPS_SHOWN = 10;
    private static final int TEXT_SHOWN = 40;

    /** How numbers differ from those recorded, absolutely; {@code different} counts those that are not the same to the bit. */
    record Difference(
            @JsonProperty("count") long count,
            @JsonProperty("different") long different,
            @JsonProperty("mean") double mean,
            @JsonProperty("max") double max) {
        static Difference of(ReplayComparison.Numbers numbers) {
            return new Difference(numbers.count(), numbers.different(), numbers.mean(), numbers.max());
        }
    }

    /**
     * The weights of a line.
     *
     * @param sha256 of the last version
     * @param firstDifferentStep the first step that made other weights than recorded; 0 where none did
     */
    record Weights(
            @JsonProperty("steps") int steps,
            @JsonProperty("recorded_steps") int recordedSteps,
            @JsonProperty("sha256") String sha256,
            @JsonProperty("recorded_sha256") String recordedSha256,
            @JsonProperty("first_different_step") int firstDifferentStep) {
        static Weights of(List<String> hashes, List<String> recorded) {
            int same = 0;
            while (same < Math.min(hashes.size(), recorded.size())
                    && hashes.get(same).equals(recorded.get(same))) {
                same++;
            }
            boolean identical = same == hashes.size() && same == recorded.size();
            return new Weights(hashes.size(), recorded.size(), last(hashes), last(recorded), identical ? 0 : same + 1);
        }

        private static String last(List<String> hashes) {
            return hashes.isEmpty() ? "" : hashes.get(hashes.size() - 1);
        }

        boolean identical() {
            return firstDifferentStep == 0;
        }
    }

    /**
     * How far the policy in training was from the one that sampled, over all tokens: ratios of their probabilities.
     *
     * @param ratioMean mean of the steps' means
     * @param effectiveSampleSize mean and least of the steps', as a fraction of the tokens
     */
    record OffPolicy(
            @JsonProperty("ratio_mean") double ratioMean,
            @JsonProperty("ratio_max") double ratioMax,
            @JsonProperty("effective_sample_size") double effectiveSampleSize,
            @JsonProperty("effective_sample_size_min") double effectiveSampleSizeMin) {

        /** Of the steps of a policy; null where they have not measured it, or there are none. */
        static @Nullable OffPolicy of(List<TrainingStep> steps) {
            List<Map<String, Double>> metrics = steps.stream()
                    .map(TrainingStep::getMetrics)
                    .filter(each -> each.containsKey("effective_sample_size"))
                    .toList();
            if (metrics.isEmpty()) {
                return null;
            }
            DoubleSummaryStatistics mean = summary(metrics, "ratio_mean");
            DoubleSummaryStatistics size = summary(metrics, "effective_sample_size");
            return new OffPolicy(
                    mean.getAverage(), summary(metrics, "ratio_max").getMax(), size.getAverage(), size.getMin());
        }

        private static DoubleSummaryStatistics summary(List<Map<String, Double>> metrics, String name) {
            return metrics.stream().mapToDouble(each -> each.get(name)).summaryStatistics();
        }
    }

    /**
     * Held-out accuracy of the start policy, of the one trained here, and of the recorded one, judged alike.
     *
     * @param before null, as the others, if the answers were not judged
     * @param recorded null if the source has trained no policy
     */
    record Accuracy(
            @JsonProperty("before") @Nullable Double before,
            @JsonProperty("after") @Nullable Double after,
            @JsonProperty("recorded") @Nullable Double recorded) {}

    /** Writes it, and every flip as a line. */
    void write(Path directory, List<Flip> all) throws IOException {
        Files.createDirectories(directory);
        JSON.writerWithDefaultPrettyPrinter()
                .writeValue(directory.resolve("replay.json").toFile(), this);
        List<String> lines = new ArrayList<>(all.size());
        for (Flip flip : all) {
            lines.add(JSON.writeValueAsString(flip));
        }
        Files.write(directory.resolve("flips.jsonl"), lines);
    }

    /** Prints what a person wants to know. */
    void print(PrintStream out, List<Flip> all) {
        out.printf(Locale.ROOT, "%nreplay of '%s' into '%s': %,d samples%n", from, into, samples);
        if (judged == 0) {
            row(out, "verdicts", "as recorded");
        } else {
            row(out, "verdicts", "%,d judged again: %,d rewarded otherwise", judged, flips);
            all.stream()
                    .limit(FLIPS_SHOWN)
                    .forEach(flip -> out.printf(
                            Locale.ROOT,
                            "              %-16s %s -> %s  %s (reference %s)%n",
                            flip.rolloutId(),
                            flip.before(),
                            flip.after(),
                            shortened(flip.text()),
                            shortened(flip.reference())));
            if (flips > FLIPS_SHOWN) {
                out.printf(Locale.ROOT, "              ... and %,d more, in flips.jsonl%n", flips - FLIPS_SHOWN);
            }
        }
        if (!untrained.isEmpty()) {
            row(
                    out,
                    "come back",
                    "%,d that were not trained (%s): %,d have a reward now",
                    untrained.values().stream().mapToLong(Long::longValue).sum(),
                    untrained.entrySet().stream()
                            .map(entry -> String.format(Locale.ROOT, "%,d %s", entry.getValue(), entry.getKey()))
                            .collect(Collectors.joining(", ")),
                    untrainedRewarded);
        }
        row(out, "values", critic == null ? "as recorded" : "%s", text(values));
        row(out, "advantages", "%s", text(advantages));
        if (critic != null) {
            row(out, "critic", "%s", text(critic));
        }
        if (policy != null) {
            row(out, "policy", "%s", text(policy));
        }
        if (offPolicy != null) {
            row(
                    out,
                    "off-policy",
                    "importance ratio mean %.3f, max %.2f; effective sample size mean %.3f, least %.3f of the tokens",
                    offPolicy.ratioMean(),
                    offPolicy.ratioMax(),
                    offPolicy.effectiveSampleSize(),
                    offPolicy.effectiveSampleSizeMin());
        }
        if (accuracy != null) {
            row(
                    out,
                    "accuracy",
                    "held out %s -> %s%s",
                    judged(accuracy.before()),
                    judged(accuracy.after()),
                    accuracy.recorded() == null
                            ? ""
                            : String.format(Locale.ROOT, "; of the recorded run %.3f", accuracy.recorded()));
        }
        row(
                out,
                "time",
                recordedSeconds == 0 ? "%.1f s" : "%.1f s for what took %.1f s: %.1f times as fast",
                seconds,
                recordedSeconds,
                recordedSeconds / seconds);
    }

    private static String judged(@Nullable Double accuracy) {
        return accuracy == null ? "not judged" : String.format(Locale.ROOT, "%.3f", accuracy);
    }

    private static void row(PrintStream out, String name, String format, Object... arguments) {
        out.printf("%-13s %s%n", name, String.format(Locale.ROOT, format, arguments));
    }

    private static String text(Difference difference) {
        if (difference.count() == 0) {
            return "none to compare";
        }
        return difference.different() == 0
                ? String.format(Locale.ROOT, "%,d, all as recorded to the bit", difference.count())
                : String.format(
                        Locale.ROOT,
                        "%,d, of which %,d differ: by %.3g in the mean, %.3g at most",
                        difference.count(),
                        difference.different(),
                        difference.mean(),
                        difference.max());
    }

    private static String text(Weights weights) {
        if (weights.recordedSteps() == 0) {
            return String.format(Locale.ROOT, "%d steps, none recorded: %s", weights.steps(), weights.sha256());
        }
        if (weights.identical() || weights.firstDifferentStep() > weights.steps()) {
            return String.format(
                    Locale.ROOT,
                    "%d steps%s, each with the recorded weights: %s",
                    weights.steps(),
                    weights.identical() ? "" : " (" + weights.recordedSteps() + " recorded)",
                    weights.sha256());
        }
        return String.format(
                Locale.ROOT,
                "%d steps (%d recorded), other weights from step %d on: %s (recorded %s)",
                weights.steps(),
                weights.recordedSteps(),
                weights.firstDifferentStep(),
                weights.sha256(),
                weights.recordedSha256());
    }

    private static String shortened(String text) {
        String line = text.replace('\n', ' ');
        return line.length() <= TEXT_SHOWN ? line : "... " + line.substring(line.length() - TEXT_SHOWN);
    }
}
