package io.sppostream.rollout;

import io.sppostream.log.RunLog;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.Tokenizer;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Samples from a model in this process, with the newest policy weights on the log. Thread-safe. */
public final class ModelGenerator implements ResponseGenerator {
    private final SamplingThreads threads;
    private final ResponseSampler sampler;
    private final PolicyVersions versions;
    private volatile boolean closed;

    /**
     * @param checkpoint gives the policy's shape; the weights come from the log
     * @param tokenizer the policy's tokenizer; closed by the caller
     * @param onFailure receives the exception that stops the thread that follows the log
     */
    public ModelGenerator(
            RunLog runLog,
            Checkpoint checkpoint,
            Tokenizer tokenizer,
            ModelSettings model,
            RolloutProducerSettings settings,
            Consumer<Throwable> onFailure) {
        this.threads =
                new SamplingThreads(settings.threadsOfBatch(runLog.topics().partitions()));
        this.sampler = new ResponseSampler(
                tokenizer, settings.sampling(), threads, settings.cacheBytesOfThread(), settings.tokenStarts());
        this.versions = new PolicyVersions(runLog, () -> PolicyModel.load(checkpoint, model), onFailure);
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
    public void close() {
        closed = true; // A batch under way ends before its next token.
        versions.close();
        threads.close();
    }
}
