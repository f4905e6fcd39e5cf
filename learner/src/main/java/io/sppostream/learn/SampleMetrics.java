package io.sppostream.learn;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.BoundedText;
import java.util.DoubleSummaryStatistics;
import java.util.HashMap;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the samples of a step tell without a model: rewards and lengths, by the names the ledger uses. */
final class SampleMetrics {
    /** Datasets whose rewards are told apart, the first by name: anybody may write names to the log. */
    private static final int MAX_DATASETS = 32;

    private static final int MAX_NAME = 100;

    private SampleMetrics() {}

    /**
     * The metrics of a step. A step without samples has a mean reward of 0 and nothing else.
     *
     * @param order the samples, in training order
     */
    static Map<String, Double> of(List<TrainingSample> order) {
        DoubleSummaryStatistics rewards = new DoubleSummaryStatistics();
        IntSummaryStatistics prompts = new IntSummaryStatistics();
        IntSummaryStatistics responses = new IntSummaryStatistics();
        TreeMap<String, DoubleSummaryStatistics> byDataset = new TreeMap<>();
        int cut = 0;
        for (TrainingSample sample : order) {
            Rollout rollout = sample.getRollout();
            rewards.accept(sample.getReward());
            prompts.accept(rollout.getPromptTokens().size());
            responses.accept(rollout.getResponseTokens().size());
            cut += rollout.getFinishReason() == FinishReason.LENGTH ? 1 : 0;
            byDataset
                    .computeIfAbsent(rollout.getDataset(), dataset -> new DoubleSummaryStatistics())
                    .accept(sample.getReward());
        }
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("reward_mean", rewards.getAverage());
        if (order.isEmpty()) {
            return metrics;
        }
        byDataset.entrySet().stream()
                .limit(MAX_DATASETS)
                .forEach(dataset -> metrics.put(
                        "reward_mean/" + BoundedText.of(dataset.getKey(), MAX_NAME),
                        dataset.getValue().getAverage()));
        metrics.put("prompt_length_mean", prompts.getAverage());
        metrics.put("prompt_length_max", (double) prompts.getMax());
        metrics.put("response_length_mean", responses.getAverage());
        metrics.put("response_length_max", (double) responses.getMax());
        metrics.put("response_cut_share", (double) cut / order.size());
        metrics.put("total_tokens", (double) (prompts.getSum() + responses.getSum()));
        return metrics;
    }
}
