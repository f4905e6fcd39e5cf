package io.sppostream.run.inprocess;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.FollowUpPrompts;
import io.sppostream.advantage.GroupCredits;
import io.sppostream.advantage.GroupCredits.Credited;
import io.sppostream.advantage.GroupCredits.Judged;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.Needs;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.list.FloatList;
import io.sppostream.feed.Feed;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.learn.PromptTokens;
import io.sppostream.learn.batch.SpreadSamples;
import io.sppostream.learn.update.CriticObjective;
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
import io.sppostream.model.ScoredTokens;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import io.sppostream.rollout.ResponseSampler;
import io.sppostream.rollout.SamplingThreads;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.evaluate.Evaluation;
import io.sppostream.run.evaluate.OfflineRewards;
import io.sppostream.run.models.Models;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Read this first: SPPO, sequence-level PPO (arXiv 2604.08865), in one method from top to bottom, without a log, roles
 * or threads.
 *
 * <p>SPPO treats a response as one action. For each prompt s, the policy pi samples one response a, a verifier grades
 * it with a reward R (1 if the answer is right, 0 if it is wrong), and a critic that reads only the prompt estimates
 * the value V(s), the probability of success. The advantage of every token of the response is A = R - V(s). One
 * training step is: sample, grade, value, advantage, critic update, policy update.
 *
 * <p>With {@code estimator} another algorithm of groups takes the place of step 4, such as GRPO, which samples several
 * responses per prompt and has no critic, or token-level PPO, whose critic also reads the response.
 *
 * <p>In a run on Kafka each of these is a role, and topics connect them. At {@code --lag 0} the roles compute the same:
 * {@code ./sppo train --lag 0} makes the weights of this loop, bit for bit. The benchmarks measure the cost of the log
 * against it. The losses live in {@link io.sppostream.learn.update}: those of the policy update in {@link
 * io.sppostream.learn.update.PolicyUpdate}, the critic's with metrics in {@link
 * io.sppostream.learn.update.CriticUpdate}.
 */
public final class SynchronousSppo {

    /**
     * The result of a run.
     *
     * @param seconds wall-clock seconds from the first evaluation to the last
     * @param secondsByPhase their parts
     * @param accuracies held-out accuracy by step; step 0 is before training
     * @param policySha256 hash of the final policy weights
     * @param criticSha256 hash of the final critic weights; empty if there is no critic
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

    public SynchronousSppo(Configuration configuration) {
        this.settings = configuration.settings();
    }

    /** Trains for the configured number of steps. */
    public Result run() throws InterruptedException {
        Dataset dataset = Datasets.open(settings);
        Checkpoint checkpoint = Models.policy(settings);
        try (Tokenizer tokenizer = checkpoint.tokenizer();
                Tokenizer criticTokenizer =
                        Models.criticTokens(settings, checkpoint).tokenizer();
                PolicyModel policy = PolicyModel.load(checkpoint, settings.policyPlacement());
                CriticModel critic = settings.hasCritic() ? Models.critic(settings, checkpoint) : null;
                PolicyTrainer policyTrainer =
                        new PolicyTrainer(policy, settings.policyOptimizer(), settings.training(policy.config()));
                PolicyUpdate policyUpdate = new PolicyUpdate(policyTrainer, settings.policyUpdate());
                CriticTrainer criticTrainer = critic == null
                        ? null
                        : new CriticTrainer(critic, settings.criticOptimizer(), settings.training(critic.config()));
                OfflineRewards verifier = OfflineRewards.of(settings, RewardFactory.verifiers(settings));
                SamplingThreads threads = new SamplingThreads(settings.rollout().threads())) {
            EpochOrder problems = new EpochOrder(dataset, settings.seed());
            ResponseSampler sampler = new ResponseSampler(
                    tokenizer,
                    settings.sampling(),
                    threads,
                    0,
                    settings.rollout().tokenStarts());
            CriticUpdate criticUpdate =
                    criticTrainer == null ? null : new CriticUpdate(criticTrainer, settings.criticUpdate());
            SpreadSamples<PolicySample> spread = new SpreadSamples<>(
                    settings.estimator().recipe().replay(),
                    settings.seed(),
                    PolicySample::requestId,
                    PolicySample::rolloutId);
            Evaluation evaluation = new Evaluation(
                    dataset, settings.evaluationPrompts(), tokenizer, settings.evaluationSampling(), verifier);
            Map<Integer, Double> accuracies = new LinkedHashMap<>();

            long start = System.nanoTime();
            phaseStart = start;
            accuracies.put(0, evaluation.accuracy(policy));
            end("evaluate");
            long next = 0; // the prompt that is sampled next
            for (int step = 1; step <= settings.steps(); step++) {
                List<CriticSample> criticSamples = new ArrayList<>();
                List<PolicySample> policySamples = new ArrayList<>();
                int groups = 0;
                // As a rule once: again only if some prompts give no sample to train on.
                while (groups < settings.groupsPerStep()) {

                    long end = next + settings.groupsPerStep() - groups;
                    List<Prompt> prompts = LongStream.range(next, end)
                            .mapToObj(i -> request(problems, i))
                            .toList();
                    next = end;
                    List<Rollout> rollouts = new ArrayList<>();
                    List<OptionalDouble> rewards = new ArrayList<>();
                    Set<String> asked = new HashSet<>(); // the follow-ups
                    // Once for SPPO. Other estimators ask for further responses, such as completions of prefixes.
                    while (!prompts.isEmpty()) {

                        // 1. Sample responses a ~ pi(. | s) for each prompt s: one for SPPO. With each token, keep
                        // log pi_behaviour: its log-probability under the distribution it was drawn from,
                        // softmax(logits / temperature).
                        List<Request> requests = prompts.stream()
                                .flatMap((Prompt prompt) -> Request.of(prompt, settings.seed()).stream())
                                .toList();
                        List<GenerationResult> results = sampler.sample(policy, 0, "", requests);
                        List<Rollout> sampled = new ArrayList<>();
                        for (int i = 0; i < results.size(); i++) {
                            if (results.get(i) instanceof Response response) { // a refused prompt is too long
                                sampled.add(response.toRollout(requests.get(i), settings.sampling(), Instant.EPOCH));
                            }
                        }
                        end("rollout");

                        // 2. Grade: the verifier compares the response with the reference answer: the reward R.
                        rollouts.addAll(sampled);
                        rewards.addAll(verifier.of(sampled));
                        prompts = followUps(rollouts, asked);
                        end("verify");
                    }

                    // 3. Value: V(s) = sigmoid(z), where z is the critic's logit at the last token of the prompt. The
                    // critic has not trained on these rewards yet, so V is a baseline independent of the response.
                    // The critic of token-level PPO reads the response too: V(s, a_<t) before each token t.
                    Values values = critic == null ? Values.NONE : values(critic, criticTokenizer, rollouts);

                    // 4. Advantage. The responses to a prompt make a group, and the estimator credits them. SPPO's is
                    // A = R - V(s), one number for the whole response. There is one action, so nothing is discounted
                    // and no credit is assigned within the response. A is not whitened or scaled.
                    Map<String, List<Integer>> judged = new LinkedHashMap<>(); // the group of each prompt
                    for (int i = 0; i < rollouts.size(); i++) {
                        if (rewards.get(i).isPresent()) { // absent if the verifier failed
                            judged.computeIfAbsent(rollouts.get(i).getRequestId(), id -> new ArrayList<>())
                                    .add(i);
                        }
                    }
                    for (List<Integer> group : judged.values()) {
                        Map<String, Credited> credits = credit(
                                values.ofPrompt(group.get(0)),
                                group.stream()
                                        .map(i -> new Judged(
                                                rollouts.get(i), rewards.get(i).getAsDouble(), values.ofTokens(i)))
                                        .toList());
                        groups += credits.isEmpty() ? 0 : 1;
                        for (int i : group) {
                            String id = rollouts.get(i).getRolloutId();
                            Credited credit = credits.get(id);
                            if (credit != null) { // null for evidence
                                PolicySample sample =
                                        PolicySample.of(rollouts.get(i), credit.segments(), credit.rejected());
                                policySamples.add(sample);
                                if (critic != null) {
                                    criticSamples.add(values.sample(
                                            i, sample, rewards.get(i).getAsDouble()));
                                }
                            }
                        }
                    }
                    end("value and advantage");
                }

                // 5. Critic update: one pass over the samples, in an order drawn from the seed and the step, with one
                // AdamW step per mini-batch. The loss of a mini-batch of B prompts is the mean binary cross-entropy
                //     L_V = -1/B sum_i ( R_i log V(s_i) + (1 - R_i) log(1 - V(s_i)) )
                //     dL_V / dz_i = (V(s_i) - R_i) / B
                // The critic of token-level PPO learns the return G(t) = A(t) + V(t) of each token by squared error.
                if (criticUpdate != null) {
                    criticUpdate.apply(
                            step, TrainingOrder.of(criticSamples, CriticSample::rolloutId, settings.seed(), step));
                }
                end("critic update");

                // 6. Policy update: the same pass with the clipped loss of PPO (arXiv 1707.06347, eq. 7), which every
                // token enters with its own ratio and with the advantage of its response. For token t of sample i
                //     r_it = pi(a_it | s_i, a_i<t) / pi_behaviour(a_it | s_i, a_i<t)
                //     L_it = max(-A_i r_it, -A_i clip(r_it, 1 - eps, 1 + eps))
                //     dL_it / dlog pi = -A_i r_it, or 0 if a clip applies
                // L_it is bounded by -c A_i if A_i < 0 (dual clip, arXiv 1912.09729). The loss of a mini-batch is the
                // mean over all of its tokens. PolicyUpdate also knows what other estimators need and SPPO does not:
                // tokens that carry no loss, whitening, a KL penalty, and first steps in which only the critic trains.
                spread.add(step, policySamples); // SPO-tree spreads the samples of a group over several steps
                List<PolicySample> policyOrder =
                        TrainingOrder.of(spread.take(step), PolicySample::rolloutId, settings.seed(), step);
                policyUpdate.apply(step, policyOrder);
                end("policy update");

                if (step % settings.evaluationInterval() == 0 || step == settings.steps()) {
                    accuracies.put(step, evaluation.accuracy(policy));
                    end("evaluate");
                }
            }
            return new Result(
                    (System.nanoTime() - start) / 1e9,
                    secondsByPhase,
                    accuracies,
                    WeightsPublisher.sha256(policy::writeWeights),
                    critic == null ? "" : WeightsPublisher.sha256(critic::writeWeights));
        }
    }

    /** The prompt with an index, as a request of the estimator. */
    private Prompt request(EpochOrder problems, long index) {
        Needs needs = settings.estimator().needs();
        return problems.at(index)
                .toPrompt(
                        Feed.requestId(index),
                        Datasets.name(settings),
                        needs.samples(),
                        FollowUpPrompts.sampling(needs.sampling()),
                        0,
                        0,
                        Instant.EPOCH);
    }

    /**
     * What else the estimator wants to have sampled, as far as the responses to each prompt tell.
     *
     * @param asked ids of the follow-ups so far; new ones are added
     */
    private List<Prompt> followUps(List<Rollout> rollouts, Set<String> asked) {
        if (!settings.estimator().needs().followUps()) {
            return List.of();
        }
        Map<String, Map<String, Rollout>> groups = new LinkedHashMap<>();
        for (Rollout rollout : rollouts) {
            if (!GroupCredits.isEvidence(rollout.getPurpose())) {
                groups.computeIfAbsent(rollout.getRequestId(), id -> new LinkedHashMap<>())
                        .put(rollout.getRolloutId(), rollout);
            }
        }
        List<Prompt> prompts = new ArrayList<>();
        groups.forEach((requestId, group) -> {
            List<Rollout> members = List.copyOf(group.values());
            GroupCredits.plan(settings.estimator(), requestId, members).stream()
                    .filter(followUp -> asked.add(followUp.id()))
                    .map(followUp -> FollowUpPrompts.of(
                            followUp, id -> requireNonNull(group.get(id)), members.get(0), Instant.EPOCH))
                    .forEach(prompts::add);
        });
        return prompts;
    }

    /**
     * The critic's values of some rollouts.
     *
     * @param prompts the critic's token ids of each rollout's prompt, shape [rollouts][P]; empty for a critic of tokens
     * @param probabilities V of each prompt, shape [rollouts]; empty for a critic of tokens
     * @param tokens V before each response token, shape [rollouts][T]; empty for a critic of prompts
     */
    private record Values(List<int[]> prompts, double[] probabilities, List<FloatList> tokens) {
        /** Without a critic. */
        static final Values NONE = new Values(List.of(), new double[0], List.of());

        @Nullable
        Double ofPrompt(int rollout) {
            return prompts.isEmpty() ? null : (Double) probabilities[rollout];
        }

        @Nullable
        List<Float> ofTokens(int rollout) {
            return tokens.isEmpty() ? null : tokens.get(rollout);
        }

        CriticSample sample(int rollout, PolicySample sample, double reward) {
            return tokens.isEmpty()
                    ? CriticSample.ofPrompt(sample.rolloutId(), prompts.get(rollout), reward, probabilities[rollout])
                    : CriticSample.ofTokens(sample, FloatList.toDoubles(tokens.get(rollout)));
        }
    }

    private Values values(CriticModel critic, Tokenizer criticTokenizer, List<Rollout> rollouts) {
        if (settings.hasTokenCritic()) {
            CriticObjective objective = settings.criticUpdate().objective();
            float[][] outputs = critic.scores(rollouts.stream()
                    .map(rollout -> ScoredTokens.ofResponse(PolicySample.tokens(rollout)))
                    .toList());
            return new Values(
                    List.of(),
                    new double[0],
                    Arrays.stream(outputs)
                            .map(ofRollout -> FloatList.of(objective.values(ofRollout)))
                            .toList());
        }
        List<int[]> prompts = rollouts.stream()
                .map(rollout -> PromptTokens.of(criticTokenizer, rollout.getMessages()))
                .toList();
        float[] logits = critic.logits(prompts);
        double[] probabilities = new double[logits.length];
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = ValueLoss.probability(logits[i]);
        }
        return new Values(prompts, probabilities, List.of());
    }

    /** The advantages of a group's rollouts by id; none if it cannot be credited. */
    private Map<String, Credited> credit(@Nullable Double value, List<Judged> judged) {
        AdvantageEstimator estimator = settings.estimator();
        String requestId = judged.get(0).rollout().getRequestId();
        Group group = GroupCredits.group(estimator.needs(), requestId, value, judged);
        int completions = GroupCredits.plan(
                        estimator,
                        requestId,
                        judged.stream()
                                .map(Judged::rollout)
                                .filter(rollout -> !GroupCredits.isEvidence(rollout.getPurpose()))
                                .toList())
                .stream()
                .mapToInt(FollowUp::completions)
                .sum();
        boolean isWhole = judged.size() == settings.samples() + completions;
        return GroupCredits.isCreditable(estimator, group, isWhole, settings.creditsPartialGroups())
                ? GroupCredits.credit(estimator, group)
                : Map.of();
    }

    /** Ends a phase, for the benchmarks. */
    private void end(String phase) {
        long now = System.nanoTime();
        secondsByPhase.merge(phase, (now - phaseStart) / 1e9, Double::sum);
        phaseStart = now;
    }
}
