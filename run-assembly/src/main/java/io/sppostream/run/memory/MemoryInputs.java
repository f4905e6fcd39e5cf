package io.sppostream.run.memory;

import io.sppostream.feed.data.Dataset;
import io.sppostream.learn.PromptTokens;
import io.sppostream.model.DeviceMemory;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.Tokenizer;
import io.sppostream.model.TrainingSettings;
import io.sppostream.run.config.RunSettings;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the memory of a run depends on.
 *
 * @param policy shape of the policy
 * @param critic shape of the critic; null if there is none
 * @param learn device and precision of the policy that is trained
 * @param score of the critic
 * @param sample of the policy that is sampled from
 * @param training how an update of the policy is computed
 * @param criticTraining how one of the critic is
 * @param optimizerState how AdamW's moments are kept
 * @param criticReadsResponses whether the critic scores tokens of responses, not prompts
 * @param scoresApart whether a second copy of the critic scores
 * @param hasReference whether a frozen copy of the start policy is kept for a penalty
 * @param miniBatch rollouts of an optimizer step
 * @param rows rollouts that are sampled at the same time
 * @param cacheBytes most memory for keys and values
 * @param heldOutRows rollouts that an evaluation samples at the same time
 * @param synchronous whether no batch is sampled while a new version is loaded
 * @param hasBroker whether the broker is embedded
 * @param promptTokens of the longest prompt
 * @param responseTokens most tokens of a response
 */
public record MemoryInputs(
        ModelConfig policy,
        @Nullable ModelConfig critic,
        ModelSettings learn,
        ModelSettings score,
        ModelSettings sample,
        TrainingSettings training,
        TrainingSettings criticTraining,
        OptimizerSettings.State optimizerState,
        boolean criticReadsResponses,
        boolean scoresApart,
        boolean hasReference,
        int miniBatch,
        int rows,
        long cacheBytes,
        int heldOutRows,
        boolean synchronous,
        boolean hasBroker,
        int promptTokens,
        int responseTokens) {

    /** Prompts that are encoded to find a long one. */
    private static final int PROMPTS = 256;

    /** The sampler's default for keys and values is the device's memory divided by this. */
    private static final int DEFAULT_CACHE_SHARE = 4;

    /**
     * The inputs of a run.
     *
     * @param critic shape of the critic, if the estimator reads its values
     * @param promptTokens of the longest prompt
     */
    public static MemoryInputs of(RunSettings settings, ModelConfig policy, ModelConfig critic, int promptTokens) {
        int responseTokens = Math.min(settings.sampling().maxTokens(), policy.maxPositions() - promptTokens + 1);
        return new MemoryInputs(
                policy,
                settings.hasCritic() ? critic : null,
                settings.policyPlacement(),
                settings.criticPlacement(),
                settings.rolloutPlacement(),
                settings.training(policy),
                settings.training(critic),
                settings.policyOptimizer().state(),
                settings.hasTokenCritic(),
                settings.scoresApart(),
                settings.policyUpdate().objective().needsReference(),
                (settings.batchSize() + settings.miniBatches() - 1) / settings.miniBatches(),
                settings.rolloutsAtOnce(),
                cacheBytes(settings),
                settings.evaluationPrompts(),
                settings.pacing().lag() == 0,
                settings.bootstrapServers().isEmpty(),
                promptTokens,
                responseTokens);
    }

    /** Whether the policies that are trained and sampled from add their adapters to the same weights. */
    boolean sharesBase() {
        return learn.adapter() != null
                && learn.device().equals(sample.device())
                && learn.precisionOf(policy) == sample.precisionOf(policy);
    }

    private static long cacheBytes(RunSettings settings) {
        long given = settings.rollout().cacheBytes();
        return given > 0
                ? given
                : DeviceMemory.bytes(settings.rolloutPlacement()).orElse(Long.MAX_VALUE) / DEFAULT_CACHE_SHARE;
    }

    /** Tokens of the longest of the first prompts of a dataset. */
    public static int promptTokens(Dataset dataset, Tokenizer tokenizer) {
        return Stream.concat(
                        dataset.training().stream().limit(PROMPTS),
                        dataset.heldOut().stream().limit(PROMPTS))
                .mapToInt(problem -> PromptTokens.of(tokenizer, problem.messages()).length)
                .max()
                .orElse(1);
    }
}
