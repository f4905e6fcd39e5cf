package io.sppostream.rollout;

import io.sppostream.events.PolicySegment;
import io.sppostream.events.WeightsManifest;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Topics;
import io.sppostream.model.ChatMessage;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.Completion;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SampleRequest;
import io.sppostream.model.Sampler;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.Tokenizer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/** Samples with a model in this process, whose weights follow the policy line on the log. */
public final class ModelGenerator implements ResponseGenerator {
    private final Tokenizer tokenizer;
    private final int maxPositions;
    private final SamplingParameters sampling;
    private final PolicyVersions versions;

    /**
     * @param checkpoint the policy's shape, tokenizer and chat template; its weights come from the log
     * @param onFailure told what stopped the following of the log, if anything did
     */
    public ModelGenerator(
            KafkaSettings kafka,
            EventSerdes serdes,
            Topics topics,
            Checkpoint checkpoint,
            ModelSettings settings,
            SamplingParameters sampling,
            Consumer<Throwable> onFailure) {
        this.tokenizer = checkpoint.tokenizer();
        this.maxPositions = checkpoint.config().maxPositions();
        this.sampling = sampling;
        this.versions =
                new PolicyVersions(kafka, serdes, topics, () -> PolicyModel.load(checkpoint, settings), onFailure);
    }

    @Override
    public List<Outcome> generate(List<Request> requests, int minPolicyVersion) throws InterruptedException {
        try (PolicyVersions.Lease lease = versions.acquire(minPolicyVersion)) {
            return generate(requests, new Sampler(lease.model(), tokenizer.endTokens()), lease.manifest());
        }
    }

    private List<Outcome> generate(List<Request> requests, Sampler sampler, WeightsManifest version) {
        List<int[]> prompts = requests.stream().map(this::encode).toList();
        List<SampleRequest> answerable = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            if (isAnswerable(prompts.get(i))) {
                answerable.add(new SampleRequest(prompts.get(i), requests.get(i).seed()));
            }
        }
        Iterator<Completion> completions = sampler.sample(answerable, sampling).iterator();
        return prompts.stream()
                .map(prompt ->
                        isAnswerable(prompt) ? response(prompt, completions.next(), version) : refusal(prompt))
                .toList();
    }

    private int[] encode(Request request) {
        return tokenizer.encodePrompt(request.messages().stream()
                .map(message -> new ChatMessage(message.getRole(), message.getContent()))
                .toList());
    }

    private boolean isAnswerable(int[] prompt) {
        return prompt.length > 0 && prompt.length < maxPositions;
    }

    private Outcome refusal(int[] prompt) {
        return new Refusal(
                "a prompt of " + prompt.length + " tokens: the policy takes 1 to " + (maxPositions - 1));
    }

    private Outcome response(int[] prompt, Completion completion, WeightsManifest version) {
        return new Response(
                prompt,
                completion.tokens(),
                tokenizer.decode(completion.tokens()),
                completion.logProbs(),
                List.of(new PolicySegment(completion.tokens().length, version.getVersion(), version.getSha256())),
                completion.finishReason());
    }

    @Override
    public void close() {
        versions.close();
    }
}
