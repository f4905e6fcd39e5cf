package io.sppostream.history.replay;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sppostream.events.TrainingStep;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How far the trained policy was from the one that sampled: importance ratios of token probabilities, over all tokens.
 *
 * @param ratioMean mean of the steps' means
 * @param ratioMax maximum over all steps
 * @param effectiveSampleSize mean over the steps, as a fraction of the tokens
 * @param effectiveSampleSizeMin minimum over the steps, as a fraction of the tokens
 */
record OffPolicyStatistics(
        @JsonProperty("ratio_mean") double ratioMean,
        @JsonProperty("ratio_max") double ratioMax,
        @JsonProperty("effective_sample_size") double effectiveSampleSize,
        @JsonProperty("effective_sample_size_min") double effectiveSampleSizeMin) {

    /** The statistics of the steps of a policy; null if there are no steps, or they have not measured them. */
    static @Nullable OffPolicyStatistics of(List<TrainingStep> steps) {
        List<Map<String, Double>> metrics = steps.stream()
                .map(TrainingStep::getMetrics)
                .filter(each -> each.containsKey("effective_sample_size"))
                .toList();
        if (metrics.isEmpty()) {
            return null;
        }
        DoubleSummaryStatistics mean = summary(metrics, "ratio_mean");
        DoubleSummaryStatistics size = summary(metrics, "effective_sample_size");
        return new OffPolicyStatistics(
                mean.getAverage(), summary(metrics, "ratio_max").getMax(), size.getAverage(), size.getMin());
    }

    private static DoubleSummaryStatistics summary(List<Map<String, Double>> metrics, String name) {
        return metrics.stream().mapToDouble(each -> each.get(name)).summaryStatistics();
    }
}
