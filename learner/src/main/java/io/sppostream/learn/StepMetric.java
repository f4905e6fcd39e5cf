package io.sppostream.learn;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The metrics that the ledger may have of a step, by name. A metric that is not defined for a step is absent. The table in
 * {@code docs/metrics.md} is written from here.
 */
public enum StepMetric {
    REWARD_MEAN(
            "reward_mean",
            Owner.POLICY,
            "critic/score/mean",
            null,
            "reward",
            Kind.REPRODUCIBLE,
            "Mean reward R of the samples."),
    REWARD_MEAN_DATASET(
            "reward_mean/DATASET",
            Owner.POLICY,
            null,
            null,
            "reward",
            Kind.REPRODUCIBLE,
            "The same over the samples of a dataset; of at most 32 datasets."),
    RESPONSE_LENGTH_MEAN(
            "response_length_mean",
            Owner.POLICY,
            "response_length/mean",
            null,
            "tokens",
            Kind.REPRODUCIBLE,
            "Mean length of the responses, end tokens included."),
    RESPONSE_LENGTH_MAX(
            "response_length_max",
            Owner.POLICY,
            "response_length/max",
            null,
            "tokens",
            Kind.REPRODUCIBLE,
            "Length of the longest response."),
    RESPONSE_CUT_SHARE(
            "response_cut_share",
            Owner.POLICY,
            "response_length/clip_ratio",
            null,
            "share",
            Kind.REPRODUCIBLE,
            "Share of the responses that a limit on their length has cut off."),
    PROMPT_LENGTH_MEAN(
            "prompt_length_mean",
            Owner.POLICY,
            "prompt_length/mean",
            null,
            "tokens",
            Kind.REPRODUCIBLE,
            "Mean length of what the policy read before it sampled: the prompt and, for a follow-up, the"
                    + " prefix. Prompts are never cut: one that is too long is refused."),
    PROMPT_LENGTH_MAX(
            "prompt_length_max",
            Owner.POLICY,
            "prompt_length/max",
            null,
            "tokens",
            Kind.REPRODUCIBLE,
            "Length of the longest of these."),
    RESPONSE_TOKENS(
            "response_tokens",
            Owner.POLICY,
            null,
            null,
            "tokens",
            Kind.REPRODUCIBLE,
            "Tokens of all responses; of a preference objective, those of both responses of each pair."),
    TRAINED_TOKENS(
            "trained_tokens",
            Owner.POLICY,
            null,
            null,
            "tokens",
            Kind.REPRODUCIBLE,
            "Response tokens that carry loss."),
    TOTAL_TOKENS(
            "total_tokens",
            Owner.BOTH,
            "perf/total_num_tokens",
            null,
            "tokens",
            Kind.REPRODUCIBLE,
            "Tokens of prompts and responses; for the critic, the tokens that it reads."),
    LOSS(
            "loss",
            Owner.BOTH,
            "actor/loss",
            "critic/vf_loss",
            "nats or reward^2",
            Kind.REPRODUCIBLE,
            "Mean of the loss, with a KL penalty if it is in the loss, under the weights that each mini-batch"
                    + " begins with."),
    ENTROPY(
            "entropy",
            Owner.POLICY,
            "actor/entropy",
            null,
            "nats",
            Kind.REPRODUCIBLE,
            "Mean over the response tokens of -sum p log p over the whole vocabulary, at the sampling"
                    + " temperature, under the weights that each token's mini-batch begins with."),
    APPROXIMATE_KL(
            "approximate_kl",
            Owner.POLICY,
            "actor/ppo_kl",
            null,
            "nats",
            Kind.REPRODUCIBLE,
            "Mean of log pi_behaviour - log pi over the tokens that carry loss (k1 of Schulman 2020)."),
    MISMATCH_KL(
            "mismatch_kl",
            Owner.POLICY,
            "rollout_corr/k3_kl",
            null,
            "nats",
            Kind.REPRODUCIBLE,
            "KL divergence of the learner from the sampler at the same weights, in theory 0: the mean of"
                    + " exp(d) - d - 1 with d = log pi_learner - log pi_sampler (k3) over all response tokens of the"
                    + " first mini-batch whose responses were sampled by the very weights that the step begins with."
                    + " Absent if there are none, as is usual at K of 1 or more."),
    RATIO_MEAN(
            "ratio_mean",
            Owner.POLICY,
            null,
            null,
            "ratio",
            Kind.REPRODUCIBLE,
            "Mean of r = pi / pi_behaviour over the tokens that carry loss."),
    RATIO_MAX("ratio_max", Owner.POLICY, null, null, "ratio", Kind.REPRODUCIBLE, "The largest r."),
    EFFECTIVE_SAMPLE_SIZE(
            "effective_sample_size",
            Owner.POLICY,
            null,
            null,
            "share",
            Kind.REPRODUCIBLE,
            "(sum r)^2 / (n sum r^2) over the n tokens that carry loss."),
    CLIP_FRACTION(
            "clip_fraction",
            Owner.POLICY,
            "actor/pg_clipfrac",
            null,
            "share",
            Kind.REPRODUCIBLE,
            "Share of the tokens that carry loss whose ratio is clipped, at either end."),
    CLIP_FRACTION_LOW(
            "clip_fraction_low",
            Owner.POLICY,
            null,
            null,
            "share",
            Kind.REPRODUCIBLE,
            "The part of them clipped at 1 - eps: their advantage is negative."),
    CLIP_FRACTION_HIGH(
            "clip_fraction_high",
            Owner.POLICY,
            null,
            null,
            "share",
            Kind.REPRODUCIBLE,
            "The part of them clipped at 1 + eps: their advantage is positive."),
    DUAL_CLIP_FRACTION(
            "dual_clip_fraction",
            Owner.POLICY,
            "actor/pg_clipfrac_lower",
            null,
            "share",
            Kind.REPRODUCIBLE,
            "Share of the tokens that carry loss whose loss the dual clip bounds."),
    REFERENCE_KL(
            "reference_kl",
            Owner.POLICY,
            "actor/kl_loss",
            null,
            "nats",
            Kind.REPRODUCIBLE,
            "With a KL penalty: the mean over the tokens of k3 from the reference if the penalty is in the"
                    + " loss, or of k1 if it is in the reward."),
    ADVANTAGE_MEAN(
            "advantage_mean",
            Owner.POLICY,
            "critic/advantages/mean",
            null,
            "reward",
            Kind.REPRODUCIBLE,
            "Mean advantage of the tokens that carry loss, before whitening."),
    ADVANTAGE_STD(
            "advantage_std",
            Owner.POLICY,
            null,
            null,
            "reward",
            Kind.REPRODUCIBLE,
            "Standard deviation of these, with the divisor n - 1."),
    ADVANTAGE_SHARE_POSITIVE(
            "advantage_share_positive",
            Owner.POLICY,
            null,
            null,
            "share",
            Kind.REPRODUCIBLE,
            "Share of these that are above 0."),
    ADVANTAGE_TOKENS(
            "advantage_tokens",
            Owner.POLICY,
            null,
            null,
            "tokens",
            Kind.REPRODUCIBLE,
            "With whitening: tokens whose advantages were whitened."),
    ADVANTAGE_VARIANCE(
            "advantage_variance",
            Owner.POLICY,
            null,
            null,
            "reward^2",
            Kind.REPRODUCIBLE,
            "With whitening: the variance that it divided by."),
    PAIRS(
            "pairs",
            Owner.POLICY,
            null,
            null,
            "pairs",
            Kind.REPRODUCIBLE,
            "Of a preference objective: pairs of responses."),
    PREFERENCE_ACCURACY(
            "preference_accuracy",
            Owner.POLICY,
            null,
            null,
            "share",
            Kind.REPRODUCIBLE,
            "Of a preference objective: share of the pairs whose margin is above 0."),
    PREFERENCE_MARGIN(
            "preference_margin",
            Owner.POLICY,
            null,
            null,
            "nats",
            Kind.REPRODUCIBLE,
            "Of a preference objective: mean margin."),
    POLICY_FROZEN(
            "policy_frozen",
            Owner.POLICY,
            null,
            null,
            "flag",
            Kind.REPRODUCIBLE,
            "1 while only the critic trains, otherwise absent."),
    POLICY_LAG_MEAN(
            "policy_lag_mean",
            Owner.POLICY,
            null,
            null,
            "versions",
            Kind.REPRODUCIBLE,
            "Mean number of policy versions published between sampling and training."),
    POLICY_LAG_MAX(
            "policy_lag_max", Owner.POLICY, null, null, "versions", Kind.REPRODUCIBLE, "The largest such number."),
    VALUE_MEAN(
            "value_mean",
            Owner.CRITIC,
            null,
            "critic/values/mean",
            "reward",
            Kind.REPRODUCIBLE,
            "Mean of the recorded values: of prompts, or of all response tokens."),
    VALUE_STD(
            "value_std",
            Owner.CRITIC,
            null,
            null,
            "reward",
            Kind.REPRODUCIBLE,
            "Standard deviation of these, with the divisor n."),
    EXPLAINED_VARIANCE(
            "explained_variance",
            Owner.CRITIC,
            null,
            "critic/vf_explained_var",
            "share",
            Kind.REPRODUCIBLE,
            "1 - Var(G - V) / Var(G) over the recorded values V that carry loss and their targets G. Absent"
                    + " if all targets are equal."),
    VALUE_CLIP_FRACTION(
            "value_clip_fraction",
            Owner.CRITIC,
            null,
            "critic/vf_clipfrac",
            "share",
            Kind.REPRODUCIBLE,
            "With a clip of values: share of the values whose clipped loss counts."),
    BRIER_SCORE(
            "brier_score",
            Owner.CRITIC,
            null,
            null,
            "reward^2",
            Kind.REPRODUCIBLE,
            "Mean of (V - R)^2 over the samples, with the recorded value V of the prompt (of a critic of"
                    + " tokens, that before the first response token) and R bounded to [0, 1]."),
    EXPECTED_CALIBRATION_ERROR(
            "expected_calibration_error",
            Owner.CRITIC,
            null,
            null,
            "share",
            Kind.REPRODUCIBLE,
            "Sum over ten bins of equal width of n_b / n abs(mean R - mean V), over the same values."),
    AUC(
            "auc",
            Owner.CRITIC,
            null,
            null,
            "share",
            Kind.REPRODUCIBLE,
            "Probability that a response with R of 0.5 or more has a higher value than one with less; equal"
                    + " values count a half. Absent if either kind is missing."),
    CRITIC_LAG_MEAN(
            "critic_lag_mean",
            Owner.CRITIC,
            null,
            null,
            "versions",
            Kind.REPRODUCIBLE,
            "Mean number of critic versions published between scoring and training."),
    CRITIC_LAG_MAX(
            "critic_lag_max", Owner.CRITIC, null, null, "versions", Kind.REPRODUCIBLE, "The largest such number."),
    LEARNING_RATE(
            "learning_rate",
            Owner.BOTH,
            "actor/lr",
            "critic/lr",
            "rate",
            Kind.REPRODUCIBLE,
            "Learning rate of the step."),
    GRADIENT_NORM(
            "gradient_norm",
            Owner.BOTH,
            "actor/grad_norm",
            "critic/grad_norm",
            "norm",
            Kind.REPRODUCIBLE,
            "Euclidean norm of the gradient before clipping, mean over the mini-batches."),
    SKIPPED_UPDATES(
            "skipped_updates",
            Owner.BOTH,
            null,
            null,
            "updates",
            Kind.REPRODUCIBLE,
            "Mini-batches whose gradient was NaN or infinite and changed nothing."),
    UPDATE_FLOPS(
            "update_flops",
            Owner.BOTH,
            null,
            null,
            "operations",
            Kind.REPRODUCIBLE,
            "Floating-point operations that the update needs; see below."),
    MFU(
            "mfu",
            Owner.BOTH,
            "perf/mfu/actor",
            "perf/mfu/critic",
            "share",
            Kind.MEASURED,
            "update_flops / (seconds_updating x training.peak.tflops). Only if that setting is given."),
    SECONDS_SAMPLING(
            "seconds_sampling",
            Owner.POLICY,
            "timing_s/gen",
            null,
            "seconds",
            Kind.MEASURED,
            "Time in which at least one response of the step was being sampled, from the encoding of its"
                    + " prompt to the last token of its batch."),
    SECONDS_WAITING(
            "seconds_waiting",
            Owner.BOTH,
            null,
            null,
            "seconds",
            Kind.MEASURED,
            "From the commit of the step before until all samples were there."),
    SECONDS_UPDATING(
            "seconds_updating",
            Owner.BOTH,
            "timing_s/update_actor",
            "timing_s/update_critic",
            "seconds",
            Kind.MEASURED,
            "Training, these metrics included."),
    SECONDS_PUBLISHING("seconds_publishing", Owner.BOTH, null, null, "seconds", Kind.MEASURED, "Sending the weights."),
    SECONDS_COMMITTING(
            "seconds_committing",
            Owner.BOTH,
            null,
            null,
            "seconds",
            Kind.MEASURED,
            "Sending the ledger record and committing, of the step before."),
    SECONDS_STEP("seconds_step", Owner.BOTH, "timing_s/step", null, "seconds", Kind.MEASURED, "The sum of the four."),
    SECONDS_TO_LIVE(
            "seconds_to_live",
            Owner.BOTH,
            null,
            null,
            "seconds",
            Kind.MEASURED,
            "From the publication of a version to the first rollout sampled, or prompt scored, with it."),
    TOKENS_PER_SECOND(
            "tokens_per_second",
            Owner.BOTH,
            "perf/throughput",
            null,
            "tokens/s",
            Kind.MEASURED,
            "total_tokens / seconds_step."),
    TOKENS_PER_SECOND_SAMPLING(
            "tokens_per_second_sampling",
            Owner.POLICY,
            null,
            null,
            "tokens/s",
            Kind.MEASURED,
            "response_tokens / seconds_sampling: the speed of the rollout producers."),
    TOKENS_PER_SECOND_UPDATING(
            "tokens_per_second_updating",
            Owner.BOTH,
            null,
            null,
            "tokens/s",
            Kind.MEASURED,
            "total_tokens / seconds_updating: the speed of the learner."),
    PEAK_RESIDENT_BYTES(
            "peak_resident_bytes",
            Owner.BOTH,
            null,
            null,
            "bytes",
            Kind.MEASURED,
            "The most memory that the learner's process has had so far; only on Linux.");

    /** Whose steps have a metric. */
    public enum Owner {
        POLICY,
        CRITIC,
        BOTH
    }

    /** Whether a metric has the same value whenever the step is trained again. */
    public enum Kind {
        /** A function of the samples, the weights and the optimizer's state. */
        REPRODUCIBLE,

        /** Time and memory, which differ from run to run. */
        MEASURED
    }

    private final String id;
    private final Owner owner;
    private final @Nullable String verlOfPolicy;
    private final @Nullable String verlOfCritic;
    private final String unit;
    private final Kind kind;
    private final String definition;

    StepMetric(
            String id,
            Owner owner,
            @Nullable String verlOfPolicy,
            @Nullable String verlOfCritic,
            String unit,
            Kind kind,
            String definition) {
        this.id = id;
        this.owner = owner;
        this.verlOfPolicy = verlOfPolicy;
        this.verlOfCritic = verlOfCritic;
        this.unit = unit;
        this.kind = kind;
        this.definition = definition;
    }

    /** The metric with a name on the ledger; empty if there is none. */
    public static Optional<StepMetric> of(String name) {
        return name.startsWith("reward_mean/")
                ? Optional.of(REWARD_MEAN_DATASET)
                : Arrays.stream(values())
                        .filter(metric -> metric.id.equals(name))
                        .findFirst();
    }

    /** The name on the ledger. */
    public String id() {
        return id;
    }

    /** In words. */
    public String unit() {
        return unit;
    }

    /** Whose steps have it. */
    public Owner owner() {
        return owner;
    }

    /**
     * The name that verl gives to the same number; empty if it has none.
     *
     * @param ofCritic whether it is the metric of a step of the critic
     */
    public Optional<String> verl(boolean ofCritic) {
        return Optional.ofNullable(ofCritic ? verlOfCritic : verlOfPolicy);
    }

    /** Whether it is the same whenever the step is trained again. */
    public boolean isReproducible() {
        return kind == Kind.REPRODUCIBLE;
    }

    /** All metrics as a table in Markdown. */
    public static String markdown() {
        return Arrays.stream(values())
                .map(StepMetric::row)
                .collect(Collectors.joining(
                        "\n", "| metric | of | in verl | unit | definition |\n|---|---|---|---|---|\n", "\n"));
    }

    private String row() {
        String aliases = Arrays.asList(verlOfPolicy, verlOfCritic).stream()
                .filter(alias -> alias != null)
                .map(alias -> "`" + alias + "`")
                .collect(Collectors.joining(", "));
        return String.format(
                "| `%s` | %s | %s | %s%s | %s |",
                id, owner.name().toLowerCase(Locale.ROOT), aliases, unit, isReproducible() ? "" : " *", definition);
    }
}
