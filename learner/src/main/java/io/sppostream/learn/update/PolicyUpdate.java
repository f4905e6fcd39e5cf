package io.sppostream.learn.update;

import io.sppostream.estimator.Moments;
import io.sppostream.estimator.TrainingRecipe.BatchTransform;
import io.sppostream.estimator.TrainingRecipe.Preference;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.UpdateResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One step of the policy, the same for all estimators. What differs is a {@link PolicyObjective}:
 *
 * <ol>
 *   <li>A KL penalty in the reward changes the advantages ({@link ReferenceKl}).
 *   <li>The advantages are whitened over the step ({@link Whitening}).
 *   <li>The samples, in training order, are cut into mini-batches with one optimizer step each. The loss of a mini-batch
 *       is the mean over the tokens that carry loss of {@link ClippedPolicyLoss}, of {@link DecoupledPolicyLoss} for older
 *       samples, or of {@link LogLikelihoodLoss}, plus a KL penalty ({@link MiniBatchLoss}).
 * </ol>
 *
 * <p>SPPO (arXiv 2604.08865) has neither penalty nor whitening, and all tokens carry loss. There is no entropy term.
 *
 * <p>A preference objective trains pairs of responses instead ({@link PreferenceUpdate}).
 *
 * <p>The policy of an estimator whose critic warms up is frozen in the first steps.
 *
 * <p>The reference of a KL penalty, or of preferences, is a frozen copy of the policy or, if adapters are trained, the base
 * model with the adapters off. Otherwise there is none.
 */
public final class PolicyUpdate implements AutoCloseable {
    private final PolicyTrainer trainer;
    private final PolicyUpdateSettings settings;
    private final PolicyObjective objective;
    private final TokenObjective tokenObjective;
    private final @Nullable PolicyModel reference;
    private final @Nullable PreferenceUpdate preferences;

    /** @param trainer of a policy that has the start weights of the run; they are the reference */
    public PolicyUpdate(PolicyTrainer trainer, PolicyUpdateSettings settings) {
        this.trainer = trainer;
        this.settings = settings;
        this.objective = settings.objective();
        this.tokenObjective =
                objective.isPolicyGradient() ? new DecoupledPolicyLoss(settings.loss()) : new LogLikelihoodLoss();
        this.reference = objective.needsReference() ? trainer.reference() : null;
        this.preferences = reference != null && objective.objective() instanceof Preference preference
                ? new PreferenceUpdate(trainer, settings, preference, reference)
                : null;
    }

    /**
     * Trains on the samples, given in training order. In the first {@link PolicyUpdateSettings#frozenSteps} steps it
     * changes neither weights nor optimizer, and the metric {@code policy_frozen} is 1.
     *
     * @param step the step, counting from 1
     * @return metrics by the names the ledger uses; the map is mutable
     */
    public Map<String, Double> apply(int step, List<PolicySample> order) {
        if (step <= settings.frozenSteps()) {
            return frozen(order);
        }
        return preferences == null ? applyToTokens(step, order) : preferences.apply(step, order);
    }

    private Map<String, Double> applyToTokens(int step, List<PolicySample> order) {
        Map<String, Double> ofAdvantages = new HashMap<>();
        List<MiniBatchLoss.Member> members = members(order, ofAdvantages);
        LossTally tally = new LossTally(0, 0);
        double rate = settings.learningRate().at(step - settings.frozenSteps());
        double gradientNorm = 0;
        int skipped = 0;
        List<List<MiniBatchLoss.Member>> batches = TrainingOrder.miniBatches(members, settings.miniBatches());
        double flops = 0;
        for (List<MiniBatchLoss.Member> batch : batches) {
            MiniBatchLoss loss =
                    new MiniBatchLoss(tokenObjective, objective.mean(), objective.kl(), batch, batch == batches.get(0));
            List<TokenSequence> sequences =
                    batch.stream().map(member -> member.sample().tokens()).toList();
            UpdateResult result = trainer.update(sequences, settings.temperature(), rate, loss);
            loss.addTo(tally);
            flops += trainer.flops(sequences);
            gradientNorm += result.gradientNorm() / batches.size();
            skipped += result.applied() ? 0 : 1;
        }
        Map<String, Double> metrics = tally.metrics(objective);
        metrics.putAll(ofAdvantages);
        metrics.put("update_flops", flops);
        metrics.put("learning_rate", rate);
        metrics.put("gradient_norm", gradientNorm);
        metrics.put("skipped_updates", (double) skipped);
        return metrics;
    }

    private static Map<String, Double> frozen(List<PolicySample> order) {
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("policy_frozen", 1.0);
        metrics.put("response_tokens", (double) order.stream()
                .mapToLong(sample -> sample.tokens().response().length)
                .sum());
        metrics.put("trained_tokens", 0.0);
        return metrics;
    }

    /** The samples as the loss takes them, under the weights before the first update. */
    private List<MiniBatchLoss.Member> members(List<PolicySample> order, Map<String, Double> metrics) {
        List<TokenSequence> sequences = order.stream().map(PolicySample::tokens).toList();
        float[][] ofReference =
                reference == null ? null : trainer.logProbs(reference, sequences, settings.temperature());
        float[][] ofPolicy = settings.decoupled() && objective.isPolicyGradient()
                ? trainer.logProbs(sequences, settings.temperature())
                : null;
        List<PolicySample> samples = transformed(order, ofReference, metrics);
        List<MiniBatchLoss.Member> members = new ArrayList<>(order.size());
        for (int i = 0; i < samples.size(); i++) {
            members.add(new MiniBatchLoss.Member(
                    samples.get(i),
                    // The policy that the clip is centred on.
                    ofPolicy == null ? samples.get(i).behaviourLogProbs() : ofPolicy[i],
                    ofReference == null || !objective.kl().place().isInLoss() ? null : ofReference[i]));
        }
        return members;
    }

    /** The samples with the advantages that they are trained with. */
    private List<PolicySample> transformed(
            List<PolicySample> order, float @Nullable [][] ofReference, Map<String, Double> metrics) {
        List<PolicySample> samples = order;
        if (ofReference != null && objective.kl().place().isInReward()) {
            samples = ReferenceKl.inRewards(samples, ofReference, objective.kl());
            metrics.put("reference_kl", ReferenceKl.meanK1(order, ofReference));
        }
        Moments moments = Whitening.moments(samples);
        metrics.putAll(advantageMetrics(samples, moments));
        if (objective.transform() == BatchTransform.WHITEN) {
            samples = Whitening.whiten(samples, moments);
            metrics.putAll(Whitening.metrics(moments));
        }
        return samples;
    }

    /** Of the advantages before whitening, over the tokens that carry loss; empty if there are none. */
    private static Map<String, Double> advantageMetrics(List<PolicySample> samples, Moments moments) {
        if (moments.tokens() == 0) {
            return Map.of();
        }
        long positive = 0;
        for (PolicySample sample : samples) {
            for (int t = 0; t < sample.advantages().length; t++) {
                positive += sample.trained()[t] && sample.advantages()[t] > 0 ? 1 : 0;
            }
        }
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("advantage_mean", moments.mean());
        metrics.put("advantage_share_positive", (double) positive / moments.tokens());
        if (moments.canWhiten()) {
            metrics.put("advantage_std", Math.sqrt(moments.variance()));
        }
        return metrics;
    }

    /** Discards the reference. The trainer and its policy stay the caller's to close. */
    @Override
    public void close() {
        if (reference != null) {
            reference.close();
        }
    }
}
