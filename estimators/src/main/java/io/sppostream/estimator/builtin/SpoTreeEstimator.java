package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.Purpose;
import io.sppostream.estimator.Sampling;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Segment policy optimisation on trees (SPO-tree, arXiv 2505.23564). The root of the tree is the prompt, and
 * every rollout is an edge: the first samples are the first level, and each that its token limit cut off branches again,
 * down to the last level, which has no limit but that of the run. A leaf is a rollout that ended, or one of the last
 * level; its value is its reward. The value of any other node is the mean over its children. {@code A = V(child) -
 * V(parent)} for every token of the edge, divided by {@code std of the parent's children + 1e-8} in the form "grpo".
 * Edges with an advantage of 0 are not trained. Only tokens of probability below the threshold carry loss, and
 * advantages are whitened over them.
 *
 * <p>Rollouts of the same tokens after the same prefix are nodes of their own and share their children.
 *
 * @param branches children per node of each level, beginning with those of the prompt
 * @param maxTokens most tokens of an edge, except on the last level
 * @param method the form of the advantage
 * @param threshold probability below which a token carries loss
 * @param mask whether only tokens below the threshold carry loss
 * @param whiten whether advantages are whitened over the batch
 * @param kl coefficient of the KL penalty in the loss
 * @param replay how edges are spread over steps
 */
public record SpoTreeEstimator(
        List<Integer> branches,
        int maxTokens,
        Method method,
        double threshold,
        boolean mask,
        boolean whiten,
        double kl,
        EdgeReplay replay)
        implements AdvantageEstimator {
    /** The forms of the advantage. */
    public enum Method {
        /** V(child) - V(parent). */
        RLOO,
        /** The same divided by the standard deviation among the children. */
        GRPO
    }

    private static final EstimatorSetting<List<Integer>> BRANCHES = EstimatorSetting.integers(
            "branches", List.of(6, 6, 6), 1, 64, 8, "Children per node of each level, beginning with the prompt's.");
    private static final EstimatorSetting<Integer> MAX_TOKENS = EstimatorSetting.integer(
            "max.tokens", 600, 1, 100_000, "Tokens per edge, except on the last level, which has no limit of its own.");
    private static final EstimatorSetting<Method> METHOD = EstimatorSetting.choice(
            "method", Method.RLOO, "rloo: V(child) - V(parent). grpo: divided by the deviation among the children.");
    private static final EstimatorSetting<Boolean> MASK =
            EstimatorSetting.flag("mask", true, "Whether only tokens of probability below the threshold carry loss.");
    private static final EstimatorSetting<Boolean> WHITEN =
            EstimatorSetting.flag("whiten", true, "Whether advantages are whitened over the batch.");
    private static final EstimatorSetting<Double> KL =
            EstimatorSetting.number("kl", 1e-4, 0, 1000, "Coefficient of the KL penalty in the loss.");
    private static final EstimatorSetting<Integer> REPLAY_EDGES = EstimatorSetting.integer(
            "replay.edges", 32, 0, 1_000_000, "Most edges of a prompt in one step; 0 for all at once.");
    private static final EstimatorSetting<Integer> REPLAY_AGE = EstimatorSetting.integer(
            "replay.max.age", 8, 1, 1_000_000, "Steps after which an edge that was not trained is dropped.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "spo-tree",
            List.of(
                    BRANCHES,
                    MAX_TOKENS,
                    METHOD,
                    ProbabilityMask.THRESHOLD,
                    MASK,
                    WHITEN,
                    KL,
                    REPLAY_EDGES,
                    REPLAY_AGE),
            settings -> new SpoTreeEstimator(
                    settings.get(BRANCHES),
                    settings.get(MAX_TOKENS),
                    settings.get(METHOD),
                    settings.get(ProbabilityMask.THRESHOLD),
                    settings.get(MASK),
                    settings.get(WHITEN),
                    settings.get(KL),
                    settings.get(REPLAY_EDGES) == 0
                            ? EdgeReplay.NONE
                            : new EdgeReplay(settings.get(REPLAY_EDGES), settings.get(REPLAY_AGE))));

    private static final double EPSILON = 1e-8;

    /** Advantages below it are 0 but for rounding: rewards and their means over a few dozen children differ by more. */
    private static final double ROUNDING = 1e-12;

    public SpoTreeEstimator {
        branches = List.copyOf(branches);
    }

    @Override
    public String name() {
        return FACTORY.name();
    }

    @Override
    public Needs needs() {
        Needs needs = Needs.samples(branches.get(0)).withLogProbs(mask);
        return branches.size() == 1 ? needs : needs.withMaxTokens(maxTokens).withFollowUps();
    }

    @Override
    public TrainingRecipe recipe() {
        TrainingRecipe recipe = TrainingRecipe.policyGradient()
                .withKl(KlPenalty.Place.SEQUENCE_LOSS, kl)
                .withReplay(replay);
        return whiten ? recipe.whitened() : recipe;
    }

    @Override
    public List<FollowUp> plan(Group group) {
        Map<String, FollowUp> byId = new LinkedHashMap<>();
        for (GroupRollout rollout : group.rollouts()) {
            int level = level(group, rollout);
            if (branchesAgain(rollout, level)) {
                FollowUp branches = branch(group, rollout, level);
                byId.putIfAbsent(branches.id(), branches);
            }
        }
        return List.copyOf(byId.values());
    }

    @Override
    public List<Credit> credit(Group group) {
        List<Credit> credits = new ArrayList<>(credit(group, group.id()));
        // By request rather than from parent to child: siblings with the same tokens share their children.
        plan(group).forEach(followUp -> credits.addAll(credit(group, followUp.id())));
        return credits;
    }

    /** From one judged leaf on. Nodes without a judged leaf are then left out. */
    @Override
    public boolean canCreditPartial(Group group) {
        return group.rollouts(group.id()).stream().anyMatch(rollout -> !Double.isNaN(value(group, rollout, 0)));
    }

    /** The level of a node, from 0 for the children of the prompt. */
    private static int level(Group group, GroupRollout rollout) {
        String parent = rollout.origin().parent();
        return parent == null ? 0 : level(group, group.rollout(parent)) + 1;
    }

    private boolean branchesAgain(GroupRollout rollout, int level) {
        return rollout.cut() && level + 1 < branches.size();
    }

    private FollowUp branch(Group group, GroupRollout rollout, int level) {
        boolean last = level + 2 == branches.size();
        return FollowUp.ofPrefixes(
                        group,
                        rollout,
                        new int[] {rollout.length()},
                        Purpose.BRANCH,
                        branches.get(level + 1),
                        last ? Sampling.DEFAULT : Sampling.upTo(maxTokens))
                .get(0);
    }

    /** V of a node; NaN if no leaf below it is judged. */
    private double value(Group group, GroupRollout rollout, int level) {
        if (!branchesAgain(rollout, level)) {
            Double reward = rollout.reward();
            return reward == null ? Double.NaN : reward;
        }
        double sum = 0;
        int known = 0;
        for (GroupRollout child : group.rollouts(branch(group, rollout, level).id())) {
            double value = value(group, child, level + 1);
            if (!Double.isNaN(value)) {
                sum += value;
                known++;
            }
        }
        return known == 0 ? Double.NaN : sum / known;
    }

    /** The credits of the edges that a request asked for: those to the children of one node. */
    private List<Credit> credit(Group group, String requestId) {
        List<GroupRollout> siblings = group.rollouts(requestId);
        double[] values = siblings.stream()
                .mapToDouble(sibling -> value(group, sibling, level(group, sibling)))
                .toArray();
        double[] advantages = advantages(values, method);
        List<Credit> credits = new ArrayList<>();
        for (int i = 0; i < advantages.length; i++) {
            GroupRollout rollout = siblings.get(i);
            if (advantages[i] != 0 && mask) {
                ProbabilityMask.credit(rollout, advantages[i], threshold).ifPresent(credits::add);
            } else if (advantages[i] != 0) {
                credits.add(Credit.uniform(rollout, advantages[i]));
            }
        }
        return credits;
    }

    /**
     * The advantages of the children of a node.
     *
     * @param values V of each, NaN if it is unknown, shape [n]
     * @return A, 0 if V is unknown, shape [n]
     */
    static double[] advantages(double[] values, Method method) {
        double[] known =
                Arrays.stream(values).filter(value -> !Double.isNaN(value)).toArray();
        double[] advantages = new double[values.length];
        if (known.length == 0) {
            return advantages;
        }
        double[] centred = Rewards.centred(known);
        double deviation = Math.sqrt(Rewards.sumOfSquares(centred) / known.length);
        int next = 0;
        for (int i = 0; i < values.length; i++) {
            double advantage = Double.isNaN(values[i]) ? 0 : centred[next++];
            if (Math.abs(advantage) > ROUNDING) {
                advantages[i] = method == Method.GRPO ? advantage / (deviation + EPSILON) : advantage;
            }
        }
        return advantages;
    }
}
