package io.sppostream.run;

import io.sppostream.events.Prompt;
import io.sppostream.log.loop.KafkaWarmUp;
import io.sppostream.model.PolicyModel;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseSampler;
import io.sppostream.rollout.SamplingThreads;
import io.sppostream.run.config.RunSettings;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Runs what a run executes first, while the embedded broker starts: the JVM then has its classes loaded and compiled when
 * the first prompts arrive. Nothing of it has an effect. Stateless.
 */
final class WarmUp {
    private static final int PROMPTS = 64;

    private WarmUp() {}

    /** @param over whether the cluster is there, so that no time is left */
    static void run(LocalRoles local, RunSettings settings, PolicyModel policy, BooleanSupplier over) {
        for (Runnable part : List.<Runnable>of(KafkaWarmUp::run, () -> sample(local, settings, policy))) {
            if (!over.getAsBoolean()) {
                part.run();
            }
        }
    }

    private static void sample(LocalRoles local, RunSettings settings, PolicyModel policy) {
        List<Request> requests = local.dataset().training().stream()
                .limit(PROMPTS)
                .map(problem -> problem.toPrompt("warm-up", local.dataset().name(), 0, Instant.EPOCH))
                .flatMap((Prompt prompt) -> Request.of(prompt, 0).stream())
                .toList();
        new ResponseSampler(local.tokenizer(), settings.sampling(), new SamplingThreads(1))
                .sample(policy, 0, "", requests);
    }
}
