package io.sppostream.run;

import io.sppostream.events.Prompt;
import io.sppostream.feed.data.Problem;
import io.sppostream.log.loop.KafkaWarmUp;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseSampler;
import io.sppostream.rollout.SamplingThreads;
import io.sppostream.run.config.RunSettings;
import java.time.Instant;
import java.util.Iterator;
import java.util.function.BooleanSupplier;

/**
 * Runs what a run executes first, while the embedded broker starts: the JVM then has its classes loaded and compiled when
 * the first prompts arrive. Nothing of it has an effect. Stateless.
 */
final class WarmUp {
    private static final int PROMPTS = 64;
    private static final int TOKENS = 4;

    private WarmUp() {}

    /** @param over whether the cluster is there, so that no time is left */
    static void run(LocalRoles local, RunSettings settings, BooleanSupplier over) {
        if (!over.getAsBoolean()) {
            KafkaWarmUp.run();
        }
        sample(local, settings.sampling(), local.sampled(), over);
    }

    /** One prompt and a few tokens at a time: with a large model, the cluster is there before the first is done. */
    private static void sample(
            LocalRoles local, SamplingParameters sampling, PolicyModel policy, BooleanSupplier over) {
        SamplingParameters few = new SamplingParameters(
                sampling.temperature(), sampling.topP(), sampling.topK(), Math.min(sampling.maxTokens(), TOKENS));
        try (SamplingThreads threads = new SamplingThreads(1)) {
            ResponseSampler sampler = new ResponseSampler(local.tokenizer(), few, threads);
            Iterator<Problem> problems =
                    local.dataset().training().stream().limit(PROMPTS).iterator();
            while (problems.hasNext() && !over.getAsBoolean()) {
                Prompt prompt =
                        problems.next().toPrompt("warm-up", local.dataset().name(), 0, Instant.EPOCH);
                sampler.sample(policy, 0, "", Request.of(prompt, 0));
            }
        }
    }
}
