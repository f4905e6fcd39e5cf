package io.sppostream.run.evaluate;

import io.sppostream.advantage.RewardOutcome;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.Problem;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import io.sppostream.rollout.ResponseSampler;
import io.sppostream.rollout.SamplingThreads;
import java.time.Instant;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Held-out accuracy: each problem is answered once by sampling, as in training, and rewarded as the run's answers are.
 * The random numbers are the same at every evaluation, so that the points of a curve differ by the weights alone.
 * Answers and verdicts are not written to the log, and nothing trains on them.
 *
 * <p>An answer that no verifier could judge is no wrong answer. If the verifiers failed on any answer, or none could be
 * asked, the evaluation has no accuracy. A problem that cannot be judged for another reason, such as a reference answer
 * that the verifier cannot read, is left out.
 */
public final class Evaluation {
    private static final int SEED = 0;

    private final String dataset;
    private final List<Request> requests;

    /** The tier of each request's problem. */
    private final List<String> tiers;

    private final ResponseSampler sampler;
    private final SamplingParameters sampling;
    private final OfflineRewards rewards;

    /** @param problems the most held-out problems to answer */
    public Evaluation(
            Dataset dataset, int problems, Tokenizer tokenizer, SamplingParameters sampling, OfflineRewards rewards) {
        this.dataset = dataset.name();
        List<Problem> asked = dataset.heldOut().stream().limit(problems).toList();
        this.tiers = asked.stream().map(Problem::tier).toList();
        this.requests = asked.stream()
                .map(problem -> problem.toPrompt("held-out-" + problem.id(), dataset.name(), 0, Instant.EPOCH))
                .flatMap((Prompt prompt) -> Request.of(prompt, SEED).stream())
                .toList();
        this.sampler = new ResponseSampler(tokenizer, sampling, new SamplingThreads(1));
        this.sampling = sampling;
        this.rewards = rewards;
    }

    /** Why no evaluation can have an accuracy; empty if it can. */
    public Optional<String> obstacle() {
        return rewards.obstacle(dataset);
    }

    /**
     * Mean reward over the problems that can be judged; a problem that the policy cannot answer counts 0.
     *
     * @throws io.sppostream.log.LogException if the answers were not judged
     */
    public double accuracy(PolicyModel model) {
        return evaluate(model).requireAccuracy();
    }

    /** As {@link #evaluate(PolicyModel, BooleanSupplier)}, to the end. */
    public HeldOutResult evaluate(PolicyModel model) {
        return evaluate(model, () -> false);
    }

    /**
     * Answers the problems and has the answers judged.
     *
     * @param cancelled asked before every token
     * @throws java.util.concurrent.CancellationException if it has become true
     */
    public HeldOutResult evaluate(PolicyModel model, BooleanSupplier cancelled) {
        Optional<String> obstacle = obstacle();
        if (obstacle.isPresent()) {
            return HeldOutResult.notJudged(obstacle.get());
        }
        List<GenerationResult> outcomes = sampler.sample(model, 0, "", requests, cancelled);
        List<Rollout> rollouts = new ArrayList<>(requests.size());
        List<String> tiersOfRollouts = new ArrayList<>(requests.size());
        SortedMap<String, DoubleSummaryStatistics> rewardsByTier = new TreeMap<>();
        for (int i = 0; i < requests.size(); i++) {
            if (outcomes.get(i) instanceof Response response) {
                rollouts.add(response.toRollout(requests.get(i), sampling, Instant.EPOCH));
                tiersOfRollouts.add(tiers.get(i));
            } else {
                add(rewardsByTier, tiers.get(i), 0);
            }
        }
        List<@Nullable RewardOutcome> judged = rewards.outcomes(rollouts, Instant.EPOCH);
        for (int i = 0; i < judged.size(); i++) {
            if (judged.get(i) instanceof RewardOutcome.Rewarded rewarded) {
                add(rewardsByTier, tiersOfRollouts.get(i), rewarded.reward());
            }
        }
        return result(judged, requests.size() - rollouts.size()).withTiers(means(rewardsByTier));
    }

    static void add(SortedMap<String, DoubleSummaryStatistics> rewards, String tier, double reward) {
        if (!tier.isEmpty()) {
            rewards.computeIfAbsent(tier, key -> new DoubleSummaryStatistics()).accept(reward);
        }
    }

    static SortedMap<String, Double> means(SortedMap<String, DoubleSummaryStatistics> rewards) {
        SortedMap<String, Double> means = new TreeMap<>();
        rewards.forEach((tier, statistics) -> means.put(tier, statistics.getAverage()));
        return means;
    }

    /** @param unanswered problems that the policy could not answer */
    static HeldOutResult result(List<@Nullable RewardOutcome> outcomes, int unanswered) {
        double sum = 0;
        int judged = unanswered;
        int failed = 0;
        String because = null;
        for (RewardOutcome outcome : outcomes) {
            if (outcome instanceof RewardOutcome.Rewarded rewarded) {
                sum += rewarded.reward();
                judged++;
            } else if (outcome instanceof RewardOutcome.NotJudged notJudged) {
                failed += notJudged.reason() == ExpiryReason.INFRA_ERROR ? 1 : 0;
                because = because == null || failed == 1 ? notJudged.detail() : because;
            } else {
                failed++;
                because = "the reward depends on a verifier outside, which evaluations cannot ask";
            }
        }
        if (because != null && (failed > 0 || judged == 0)) {
            int missing = outcomes.size() + unanswered - judged;
            return HeldOutResult.notJudged(
                    missing + " of " + (outcomes.size() + unanswered) + " answers were not judged: " + because);
        }
        return HeldOutResult.judged(judged, judged == 0 ? 0 : sum / judged);
    }
}
