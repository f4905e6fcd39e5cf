package io.sppostream.run.evaluate;

import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.feed.data.Dataset;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import io.sppostream.rollout.ResponseSampler;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Held-out accuracy: each problem is answered once by sampling, as in training, and rewarded as the run's are. The
 * random numbers are the same at every evaluation, so that the points of a curve differ by the weights alone. Nothing
 * of it goes on the log: it is not trained on.
 */
public final class Evaluation {
    private static final int SEED = 0;

    private final List<Request> requests;
    private final ResponseSampler sampler;
    private final SamplingParameters sampling;
    private final OfflineRewards rewards;

    /** @param problems the most held-out problems to answer */
    public Evaluation(
            Dataset dataset, int problems, Tokenizer tokenizer, SamplingParameters sampling, OfflineRewards rewards) {
        this.requests = dataset.heldOut().stream()
                .limit(problems)
                .map(problem -> problem.toPrompt("held-out-" + problem.id(), dataset.name(), 0, Instant.EPOCH))
                .flatMap((Prompt prompt) -> Request.of(prompt, SEED).stream())
                .toList();
        this.sampler = new ResponseSampler(tokenizer, sampling);
        this.sampling = sampling;
        this.rewards = rewards;
    }

    /** Problems answered in an evaluation. */
    public int problems() {
        return requests.size();
    }

    /** Mean reward over the problems; one that can't be answered or judged counts 0. */
    public double accuracy(PolicyModel model) {
        List<GenerationResult> outcomes = sampler.sample(model, 0, "", requests);
        List<Rollout> rollouts = new ArrayList<>(requests.size());
        for (int i = 0; i < requests.size(); i++) {
            if (outcomes.get(i) instanceof Response response) {
                rollouts.add(response.toRollout(requests.get(i), sampling, Instant.EPOCH));
            }
        }
        double sum = rewards.of(rollouts).stream()
                .mapToDouble(reward -> reward.orElse(0))
                .sum();
        return requests.isEmpty() ? 0 : sum / requests.size();
    }
}
