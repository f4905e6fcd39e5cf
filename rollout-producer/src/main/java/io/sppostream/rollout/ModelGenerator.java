package io.sppostream.rollout;

import io.sppostream.log.loop.Readiness;
import io.sppostream.model.Tokenizer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Samples from a model in this process, with the newest policy weights on the log. Thread-safe. */
public final class ModelGenerator implements ResponseGenerator {
    private final SamplingThreads threads;
    private final ResponseSampler sampler;
    private final PolicyVersions versions;
    private volatile boolean closed;

    /**
     * @param versions the policy; closed with this
     * @param tokenizer the policy's tokenizer; closed by the caller
     * @param partitions of the topic of prompts
     */
    public ModelGenerator(
            PolicyVersions versions, Tokenizer tokenizer, int partitions, RolloutProducerSettings settings) {
        this.threads = new SamplingThreads(settings.threadsOfBatch(partitions));
        this.sampler = new ResponseSampler(
                tokenizer, settings.sampling(), threads, settings.cacheBytesOfThread(), settings.tokenStarts());
        this.versions = versions;
    }

    @Override
    public @Nullable String refuseVersion(int minPolicyVersion, long since) throws InterruptedException {
        return versions.isPublished(minPolicyVersion, since)
                ? null
                : "the prompt asks for policy version " + minPolicyVersion + " or later: " + versions.newest()
                        + " is the newest there is";
    }

    @Override
    public List<GenerationResult> generate(List<Request> requests, int minPolicyVersion) throws InterruptedException {
        try (PolicyVersions.Lease lease = versions.acquire(minPolicyVersion)) {
            return sampler.sample(
                    lease.model(),
                    lease.manifest().getVersion(),
                    lease.manifest().getSha256(),
                    requests,
                    () -> closed);
        }
    }

    @Override
    public Readiness readiness() {
        return versions.readiness();
    }

    @Override
    public void close() {
        closed = true; // A batch under way ends before its next token.
        versions.close();
        threads.close();
    }
}
