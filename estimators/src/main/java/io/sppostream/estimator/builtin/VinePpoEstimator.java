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
import io.sppostream.estimator.TokenText;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * VinePPO (arXiv 2410.01679): a response is a sequence of reasoning steps, and the value of a state is the mean reward
 * of fresh completions of the tokens before the step. {@code A_k = r_k + V_(k+1) - V_k} for every token of step k, with
 * V 0 after the last step and the reward in it. Advantages are whitened over the batch.
 *
 * <p>A step ends with the separator in the text of the response. The next one begins with the first token that begins
 * after it; several separators in a row end one step. Of a response with more than {@code maxSteps} steps, the last of these
 * extends to the end.
 *
 * @param samples responses per prompt
 * @param completions completions sampled before each step
 * @param separator text that ends a step
 * @param maxSteps most steps of a response whose values are estimated
 * @param kl coefficient of the KL penalty in the loss
 */
public record VinePpoEstimator(int samples, int completions, String separator, int maxSteps, double kl)
        implements AdvantageEstimator {
    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 1, 1, 1024, "Responses sampled per prompt.");
    private static final EstimatorSetting<Integer> COMPLETIONS =
            EstimatorSetting.integer("completions", 9, 1, 1024, "Completions sampled before each step.");
    private static final EstimatorSetting<String> SEPARATOR =
            EstimatorSetting.text("separator", "\n", "Text that ends a step of a response.");
    private static final EstimatorSetting<Integer> MAX_STEPS = EstimatorSetting.integer(
            "max.steps", 25, 1, 100_000, "Most steps of a response; the last of them extends to the end.");
    private static final EstimatorSetting<Double> KL =
            EstimatorSetting.number("kl", 1e-4, 0, 1000, "Coefficient of the KL penalty in the loss.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "vineppo",
            List.of(SAMPLES, COMPLETIONS, SEPARATOR, MAX_STEPS, KL),
            settings -> new VinePpoEstimator(
                    settings.get(SAMPLES),
                    settings.get(COMPLETIONS),
                    settings.get(SEPARATOR),
                    settings.get(MAX_STEPS),
                    settings.get(KL)));

    @Override
    public String name() {
        return FACTORY.name();
    }

    @Override
    public Needs needs() {
        return Needs.samples(samples).withTokenText().withFollowUps();
    }

    @Override
    public TrainingRecipe recipe() {
        return TrainingRecipe.policyGradient().whitened().withKl(KlPenalty.Place.SEQUENCE_LOSS, kl);
    }

    @Override
    public List<FollowUp> plan(Group group) {
        return SegmentValues.plan(group, this::stepStarts, completions);
    }

    @Override
    public List<Credit> credit(Group group) {
        return SegmentValues.credits(
                group,
                this::stepStarts,
                completions,
                (rollout, advantages) -> Optional.of(new Credit(rollout.id(), Segments.of(advantages))));
    }

    /**
     * From one step on that has a value. A value is then the mean of the completions that there are, and a step without
     * any belongs to the one before.
     */
    @Override
    public boolean canCreditPartial(Group group) {
        return SegmentValues.canCredit(group, this::stepStarts, completions);
    }

    private int[] stepStarts(GroupRollout rollout) {
        return stepStarts(rollout.requireText(), separator, maxSteps);
    }

    /** The first token of each step, ascending; the first step begins at 0. */
    static int[] stepStarts(TokenText text, String separator, int maxSteps) {
        IntStream.Builder starts = IntStream.builder();
        starts.add(0);
        int token = 0;
        int from = text.text().indexOf(separator);
        while (from >= 0) {
            int end = from + separator.length();
            while (text.text().startsWith(separator, end)) {
                end += separator.length();
            }
            while (token < text.starts().length && text.starts()[token] < end) {
                token++;
            }
            if (end < text.text().length() && token > 0 && token < text.starts().length) {
                starts.add(token);
            }
            from = text.text().indexOf(separator, end);
        }
        return starts.build().distinct().limit(maxSteps).toArray();
    }
}
