package io.sppostream.benchmarks;

import io.sppostream.advantage.SppoEstimator;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.feed.Feed;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.learn.PromptTokens;
import io.sppostream.learn.update.CriticSample;
import io.sppostream.learn.update.CriticUpdate;
import io.sppostream.learn.update.PolicySample;
import io.sppostream.learn.update.PolicyUpdate;
import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.learn.update.ValueLoss;
import io.sppostream.log.weights.WeightsPublisher;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import io.sppostream.rollout.ResponseSampler;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.evaluate.Evaluation;
import io.sppostream.run.evaluate.OfflineRewards;
import io.sppostream.run.models.Models;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;

/**
 * SPPO in one process without a log: the yardstick for what the log costs, and the reference for what it must not
 * change. Every algorithm is the product's own; only the conveyance differs. It is the synchronous loop (K = 0):
 * generate, verify, value, advantage, critic update, policy update.
 */
public final class InProcessLoop {

    /**
     * What a run came to.
     *
     * @param seconds from the first prompt to the last update
     * @param secondsByPhase wall-clock seconds
     * @param accuracies by step
     */
    public record Result(
            double seconds,
            Map<String, Double> secondsByPhase,
            Map<Integer, Double> accuracies,
            String policySha256,
            String criticSha256) {}

    private final RunSettings settings;
    private final Map<String, Double> secondsByPhase = new LinkedHashMap<>();
    private long phaseStart;

    public InProcessLoop(Configuration configuration) {
        this.settings = configuration.settings();
    }

    /** Trains until the steps are done. */
    public Result run() throws InterruptedException {
        Dataset dataset = Datasets.open(settings);
        Checkpoint checkpoint = Models.policy(settings);
        ExecutorService workers =
                Executors.newFixedThreadPool(settings.rollout().workers());
        try (Tokenizer tokenizer = checkpoint.tokenizer();
                Tokenizer criticTokenizer =
                        Models.criticTokens(settings, checkpoint).tokenizer();
                PolicyModel policy = PolicyModel.load(checkpoint, settings.model());
                CriticModel critic = Models.critic(settings, checkpoint);
                OfflineRewards direct = OfflineRewards.of(settings, RewardFactory.verifiers(settings));
                PolicyTrainer policyTrainer =
                        new PolicyTrainer(policy, settings.policyOptimizer(), settings.training());
                CriticTrainer criticTrainer =
                        new CriticTrainer(critic, settings.criticOptimizer(), settings.training())) {
            ResponseSampler sampler = new ResponseSampler(tokenizer, settings.sampling());
            PolicyUpdate policyUpdate = new PolicyUpdate(policyTrainer, settings.policyUpdate());
            CriticUpdate criticUpdate = new CriticUpdate(criticTrainer, settings.criticUpdate());
            Evaluation evaluation =
                    new Evaluation(dataset, settings.getInt("eval.prompts"), tokenizer, settings.sampling(), direct);
            EpochOrder order = new EpochOrder(dataset, settings.seed());
            Map<Integer, Double> accuracies = new LinkedHashMap<>();

            long start = System.nanoTime();
            phaseStart = start;
            accuracies.put(0, evaluation.accuracy(policy));
            end("evaluate");
            for (int step = 1; step <= settings.steps(); step++) {
                long first = (step - 1L) * settings.batchSize();
                List<Request> requests = LongStream.range(first, first + settings.batchSize())
                        .mapToObj(i -> order.at(i).toPrompt(Feed.requestId(i), dataset.name(), 0, Instant.EPOCH))
                        .flatMap((Prompt prompt) -> Request.of(prompt, settings.seed()).stream())
                        .toList();
                List<GenerationResult> outcomes = sample(workers, sampler, policy, requests);
                end("rollout");

                List<Rollout> answered = new ArrayList<>();
                for (int i = 0; i < outcomes.size(); i++) {
                    if (outcomes.get(i) instanceof Response response) {
                        answered.add(response.toRollout(requests.get(i), settings.sampling(), Instant.EPOCH));
                    }
                }
                List<OptionalDouble> judged = direct.of(answered);
                List<Rollout> rollouts = new ArrayList<>();
                List<Double> rewards = new ArrayList<>();
                for (int i = 0; i < answered.size(); i++) {
                    if (judged.get(i).isPresent()) {
                        rollouts.add(answered.get(i));
                        rewards.add(judged.get(i).getAsDouble());
                    }
                }
                end("verify");

                List<int[]> prompts = rollouts.stream()
                        .map(rollout -> PromptTokens.of(criticTokenizer, rollout.getMessages()))
                        .toList();
                float[] logits = critic.logits(prompts);
                List<PolicySample> policySamples = new ArrayList<>();
                List<CriticSample> criticSamples = new ArrayList<>();
                for (int i = 0; i < rollouts.size(); i++) {
                    Rollout rollout = rollouts.get(i);
                    double value = ValueLoss.probability(logits[i]);
                    int tokens = rollout.getResponseTokens().size();
                    policySamples.add(
                            PolicySample.of(rollout, new SppoEstimator().estimate(rewards.get(i), value, tokens)));
                    criticSamples.add(new CriticSample(rollout.getRolloutId(), prompts.get(i), rewards.get(i), value));
                }
                end("value and advantage");

                criticUpdate.apply(
                        step, TrainingOrder.of(criticSamples, CriticSample::rolloutId, settings.seed(), step));
                end("critic update");
                policyUpdate.apply(
                        step, TrainingOrder.of(policySamples, PolicySample::rolloutId, settings.seed(), step));
                end("policy update");
                if (step % settings.getInt("eval.interval") == 0 || step == settings.steps()) {
                    accuracies.put(step, evaluation.accuracy(policy));
                    end("evaluate");
                }
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Result(
                    seconds,
                    secondsByPhase,
                    accuracies,
                    WeightsPublisher.sha256(policy::writeWeights),
                    WeightsPublisher.sha256(critic::writeWeights));
        } finally {
            workers.shutdown();
        }
    }

    /** Samples on all workers, each a contiguous part. */
    private List<GenerationResult> sample(
            ExecutorService workers, ResponseSampler sampler, PolicyModel policy, List<Request> requests)
            throws InterruptedException {
        List<Future<List<GenerationResult>>> parts = new ArrayList<>();
        for (List<Request> part :
                TrainingOrder.miniBatches(requests, settings.rollout().workers())) {
            parts.add(workers.submit(() -> sampler.sample(policy, 0, "", part)));
        }
        List<GenerationResult> outcomes = new ArrayList<>(requests.size());
        for (Future<List<GenerationResult>> part : parts) {
            try {
                outcomes.addAll(part.get());
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
        return outcomes;
    }

    private void end(String phase) {
        long now = System.nanoTime();
        secondsByPhase.merge(phase, (now - phaseStart) / 1e9, Double::sum);
        phaseStart = now;
    }
}
