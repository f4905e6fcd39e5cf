package io.sppostream.learn.update;

import static java.util.Objects.requireNonNull;

import io.sppostream.estimator.TrainingRecipe.Preference;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.UpdateResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One step of the policy on pairs of responses. The loss of a mini-batch is the mean of {@link PreferenceLoss} over its
 * pairs. The pairs of a preferred response stay in one mini-batch.
 */
final class PreferenceUpdate {
    private final PolicyTrainer trainer;
    private final PolicyUpdateSettings settings;
    private final PreferenceLoss loss;
    private final PolicyModel reference;

    /** @param reference closed by the caller */
    PreferenceUpdate(
            PolicyTrainer trainer, PolicyUpdateSettings settings, Preference objective, PolicyModel reference) {
        this.trainer = trainer;
        this.settings = settings;
        this.loss = new PreferenceLoss(objective.beta(), objective.penalty());
        this.reference = reference;
    }

    /** The responses of a mini-batch, each once however many pairs it is in. */
    private static final class Responses {
        private final Map<String, Integer> indexes = new HashMap<>();
        private final List<TokenSequence> tokens = new ArrayList<>();

        Responses(List<PolicySample> batch) {
            for (PolicySample sample : batch) {
                add(sample.rolloutId(), sample.tokens());
                sample.rejected().forEach(rejected -> add(rejected.rolloutId(), rejected.tokens()));
            }
        }

        private void add(String rolloutId, TokenSequence sequence) {
            if (indexes.putIfAbsent(rolloutId, tokens.size()) == null) {
                tokens.add(sequence);
            }
        }

        int index(String rolloutId) {
            return requireNonNull(indexes.get(rolloutId), rolloutId);
        }
    }

    /** What the pairs of a step measure, in the order of training. */
    private static final class Tally {
        private long pairs;
        private long preferred;
        private long tokens;
        private double loss;
        private double margin;
        private double flops;

        void add(PreferenceLoss.Pair pair) {
            pairs++;
            preferred += pair.margin() > 0 ? 1 : 0;
            loss += pair.loss();
            margin += pair.margin();
        }

        Map<String, Double> metrics() {
            Map<String, Double> metrics = new LinkedHashMap<>();
            metrics.put("response_tokens", (double) tokens);
            metrics.put("trained_tokens", (double) tokens);
            metrics.put("update_flops", flops);
            metrics.put("pairs", (double) pairs);
            metrics.put("loss", pairs == 0 ? 0 : loss / pairs);
            if (pairs > 0) {
                metrics.put("preference_accuracy", (double) preferred / pairs);
                metrics.put("preference_margin", margin / pairs);
            }
            return metrics;
        }
    }

    /**
     * Trains on the samples, given in training order. Samples without a rejected response do not count.
     *
     * @param step the step, counting from 1
     * @return metrics by the names the ledger uses; the map is mutable
     */
    Map<String, Double> apply(int step, List<PolicySample> order) {
        Tally tally = new Tally();
        double rate = settings.learningRate().at(step);
        double gradientNorm = 0;
        int skipped = 0;
        List<PolicySample> paired =
                order.stream().filter(sample -> !sample.rejected().isEmpty()).toList();
        List<List<PolicySample>> batches = TrainingOrder.miniBatches(paired, settings.miniBatches());
        for (List<PolicySample> batch : batches) {
            UpdateResult result = update(batch, rate, tally);
            gradientNorm += result.gradientNorm() / batches.size();
            skipped += result.applied() ? 0 : 1;
        }
        Map<String, Double> metrics = tally.metrics();
        metrics.put("learning_rate", rate);
        metrics.put("gradient_norm", gradientNorm);
        metrics.put("skipped_updates", (double) skipped);
        return metrics;
    }

    private UpdateResult update(List<PolicySample> batch, double rate, Tally tally) {
        Responses responses = new Responses(batch);
        // A pair couples two sequences, which the trainer may compute in different threads. So their log-probabilities
        // are computed first, and the derivatives are constants of the pass that follows.
        double[] policy = sums(trainer.logProbs(responses.tokens, settings.temperature()));
        double[] ofReference = sums(trainer.logProbs(reference, responses.tokens, settings.temperature()));
        int pairs = batch.stream().mapToInt(sample -> sample.rejected().size()).sum();
        double[] derivatives = new double[responses.tokens.size()];
        for (PolicySample sample : batch) {
            int preferred = responses.index(sample.rolloutId());
            for (RejectedResponse each : sample.rejected()) {
                int rejected = responses.index(each.rolloutId());
                PreferenceLoss.Pair pair =
                        loss.pair(policy[preferred], ofReference[preferred], policy[rejected], ofReference[rejected]);
                derivatives[preferred] += pair.ofPreferred() / pairs;
                derivatives[rejected] += pair.ofRejected() / pairs;
                tally.add(pair);
            }
        }
        for (TokenSequence sequence : responses.tokens) {
            tally.tokens += sequence.response().length;
        }
        tally.flops += trainer.flops(responses.tokens);
        return trainer.update(responses.tokens, settings.temperature(), rate, (sequence, logProbs) -> {
            float[] gradient = new float[logProbs.length];
            Arrays.fill(gradient, (float) derivatives[sequence]);
            return gradient;
        });
    }

    /** The log-probability of each response. */
    private static double[] sums(float[][] logProbs) {
        double[] sums = new double[logProbs.length];
        for (int i = 0; i < logProbs.length; i++) {
            for (float logProb : logProbs[i]) {
                sums[i] += logProb;
            }
        }
        return sums;
    }
}
