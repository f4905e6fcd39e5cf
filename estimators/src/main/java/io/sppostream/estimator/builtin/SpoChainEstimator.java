package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.Segments;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Segment policy optimisation on chains (SPO-chain, arXiv 2505.23564). A response is cut into segments, the
 * value of a boundary is the mean reward of fresh completions of the tokens before it, and {@code A = V(next boundary) -
 * V(boundary)} for the tokens of a segment; the value at the end is the reward. Only tokens of probability below the
 * threshold carry loss, and advantages are whitened over them.
 *
 * <p>Partition by cutpoints: of the tokens with {@code p < threshold}, every {@code interval}-th begins a segment, the
 * first one included. Tokens before the first boundary have advantage 0, and so has a response without cutpoints.
 * Partition by length: a segment begins every {@code length} tokens.
 *
 * @param samples responses per prompt
 * @param completions completions per boundary
 * @param partition how responses are cut
 * @param interval cutpoints per segment
 * @param length tokens per segment of fixed length
 * @param threshold probability below which a token is a cutpoint, and carries loss
 * @param mask whether only tokens below the threshold carry loss
 * @param kl coefficient of the KL penalty in the loss
 */
public record SpoChainEstimator(
        int samples,
        int completions,
        Partition partition,
        int interval,
        int length,
        double threshold,
        boolean mask,
        double kl)
        implements AdvantageEstimator {
    /** How responses are cut into segments. */
    public enum Partition {
        /** At tokens that the policy was not sure of. */
        CUTPOINTS,
        /** At every so many tokens. */
        FIXED
    }

    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 8, 1, 1024, "Responses sampled per prompt.");
    private static final EstimatorSetting<Integer> COMPLETIONS =
            EstimatorSetting.integer("completions", 9, 1, 1024, "Completions sampled per boundary.");
    private static final EstimatorSetting<Partition> PARTITION = EstimatorSetting.choice(
            "partition", Partition.CUTPOINTS, "Whether segments begin at uncertain tokens, or have a fixed length.");
    private static final EstimatorSetting<Integer> INTERVAL =
            EstimatorSetting.integer("interval", 5, 1, 100_000, "Cutpoints per segment.");
    private static final EstimatorSetting<Integer> LENGTH =
            EstimatorSetting.integer("length", 50, 1, 100_000, "Tokens per segment of fixed length.");
    private static final EstimatorSetting<Boolean> MASK =
            EstimatorSetting.flag("mask", true, "Whether only tokens of probability below the threshold carry loss.");
    private static final EstimatorSetting<Double> KL =
            EstimatorSetting.number("kl", 1e-4, 0, 1000, "Coefficient of the KL penalty in the loss.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "spo-chain",
            List.of(SAMPLES, COMPLETIONS, PARTITION, INTERVAL, LENGTH, ProbabilityMask.THRESHOLD, MASK, KL),
            settings -> new SpoChainEstimator(
                    settings.get(SAMPLES),
                    settings.get(COMPLETIONS),
                    settings.get(PARTITION),
                    settings.get(INTERVAL),
                    settings.get(LENGTH),
                    settings.get(ProbabilityMask.THRESHOLD),
                    settings.get(MASK),
                    settings.get(KL)));

    @Override
    public String name() {
        return FACTORY.name();
    }

    @Override
    public Needs needs() {
        return Needs.samples(samples)
                .withLogProbs(mask || partition == Partition.CUTPOINTS)
                .withFollowUps();
    }

    @Override
    public TrainingRecipe recipe() {
        return TrainingRecipe.policyGradient().whitened().withKl(KlPenalty.Place.SEQUENCE_LOSS, kl);
    }

    @Override
    public List<FollowUp> plan(Group group) {
        return SegmentValues.plan(group, this::boundaries, completions);
    }

    @Override
    public List<Credit> credit(Group group) {
        return SegmentValues.credits(
                group,
                this::boundaries,
                completions,
                (rollout, advantages) -> mask
                        ? ProbabilityMask.credit(rollout, advantages, threshold)
                        : Optional.of(new Credit(rollout.id(), Segments.of(advantages))));
    }

    /**
     * From one boundary on that has a value. A value is then the mean of the completions that there are, and a boundary
     * without any is left out.
     */
    @Override
    public boolean canCreditPartial(Group group) {
        return SegmentValues.canCredit(group, this::boundaries, completions);
    }

    /** The first token of each segment, ascending. */
    private int[] boundaries(GroupRollout rollout) {
        return switch (partition) {
            case CUTPOINTS -> cutpoints(rollout.requireLogProbs(), threshold, interval);
            case FIXED ->
                IntStream.iterate(0, start -> start < rollout.length(), start -> start + length)
                        .toArray();
        };
    }

    /**
     * Every {@code interval}-th of the tokens with a probability below the threshold, the first one included.
     *
     * @param logProbs in nats, shape [T]
     */
    static int[] cutpoints(float[] logProbs, double threshold, int interval) {
        boolean[] below = ProbabilityMask.of(logProbs, threshold);
        int[] uncertain = IntStream.range(0, below.length).filter(t -> below[t]).toArray();
        return IntStream.range(0, uncertain.length)
                .filter(i -> i % interval == 0)
                .map(i -> uncertain[i])
                .toArray();
    }
}
