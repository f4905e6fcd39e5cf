package io.sppostream.rollout;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.ExactlyOnceLog;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Received;
import io.sppostream.log.RoleThread;
import io.sppostream.log.Topics;
import io.sppostream.model.SamplingParameters;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * prompts -> rollouts. Each worker takes the prompts that are there, up to a batch, has them answered by the newest
 * policy version that none of them forbids, and commits the rollouts together with the prompts consumed: a crash in
 * between samples them again, and no prompt is answered twice. A prompt that no policy can answer is expired. Workers
 * are members of one consumer group: start more threads or more processes, up to the number of partitions.
 */
public final class RolloutProducer implements AutoCloseable {
    /** The role's name. */
    public static final String ROLE = "rollout-producer";

    /**
     * @param seed of the run; a response's own seed follows from it
     * @param sampling how tokens are drawn
     * @param workers threads that sample
     * @param maxBatch prompts a worker takes at once
     */
    public record Settings(long seed, SamplingParameters sampling, int workers, int maxBatch) {}

    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics topics;
    private final ResponseGenerator generator;
    private final Settings settings;
    private final Clock clock;
    private final List<RoleThread> workers;

    /**
     * Starts the role.
     *
     * @param generator samples the responses; closed with the role
     * @param onFailure told what stopped a worker, if anything did
     */
    public RolloutProducer(
            KafkaSettings kafka,
            EventSerdes serdes,
            Topics topics,
            ResponseGenerator generator,
            Settings settings,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.kafka = withBatchLimit(kafka, settings.maxBatch());
        this.serdes = serdes;
        this.topics = topics;
        this.generator = generator;
        this.settings = settings;
        this.clock = clock;
        this.workers = IntStream.range(0, settings.workers())
                .mapToObj(i -> new RoleThread(ROLE + "#" + i, this::run, onFailure))
                .toList();
    }

    /** A poll is one batch, and long responses take their time. */
    private static KafkaSettings withBatchLimit(KafkaSettings kafka, int maxBatch) {
        Map<String, String> properties = new HashMap<>(kafka.properties());
        properties.put("max.poll.records", Integer.toString(maxBatch));
        properties.putIfAbsent(
                "max.poll.interval.ms", Long.toString(Duration.ofHours(1).toMillis()));
        return new KafkaSettings(kafka.bootstrapServers(), kafka.schemaRegistryUrl(), properties);
    }

    private void run(BooleanSupplier running) throws InterruptedException {
        String group = topics.application(ROLE);
        // Zombies are fenced by the consumer group's generation, so the id only has to be unique.
        String transactionalId = group + "-" + UUID.randomUUID();
        try (ExactlyOnceLog log =
                new ExactlyOnceLog(kafka, serdes, group, transactionalId, List.of(topics.prompts()))) {
            while (running.getAsBoolean()) {
                List<Received<?>> prompts = log.poll(Duration.ofMillis(200));
                if (!prompts.isEmpty()) {
                    answer(log, prompts);
                    log.commit(List.of());
                }
            }
        }
    }

    /** One sample of one prompt. */
    private record Wanted(Prompt prompt, int sampleIndex, long seed) {
        String rolloutId() {
            return prompt.getRequestId() + "/" + sampleIndex;
        }
    }

    private void answer(ExactlyOnceLog log, List<Received<?>> prompts) throws InterruptedException {
        List<Wanted> wanted = new ArrayList<>();
        int minPolicyVersion = 0;
        for (Received<?> received : prompts) {
            Prompt prompt = (Prompt) received.event();
            minPolicyVersion = Math.max(minPolicyVersion, prompt.getMinPolicyVersion());
            for (int sample = 0; sample < prompt.getSamples(); sample++) {
                wanted.add(
                        new Wanted(prompt, sample, Seeds.of(settings.seed(), prompt.getRequestId(), sample)));
            }
        }
        List<ResponseGenerator.Outcome> outcomes = generator.generate(
                wanted.stream()
                        .map(w -> new ResponseGenerator.Request(w.prompt().getMessages(), w.seed()))
                        .toList(),
                minPolicyVersion);
        Instant now = clock.instant();
        for (int i = 0; i < wanted.size(); i++) {
            String requestId = wanted.get(i).prompt().getRequestId();
            if (outcomes.get(i) instanceof ResponseGenerator.Response response) {
                log.send(topics.rollouts(), requestId, rollout(wanted.get(i), response, now));
            } else if (outcomes.get(i) instanceof ResponseGenerator.Refusal refusal) {
                log.send(
                        topics.expired(),
                        requestId,
                        new Expired(
                                requestId,
                                wanted.get(i).rolloutId(),
                                ExpiryReason.INVALID_PROMPT,
                                refusal.reason(),
                                ROLE,
                                now));
            }
        }
    }

    private Rollout rollout(Wanted wanted, ResponseGenerator.Response response, Instant now) {
        Prompt prompt = wanted.prompt();
        SamplingParameters sampling = settings.sampling();
        List<Float> logProbs = new ArrayList<>(response.logProbs().length);
        for (float logProb : response.logProbs()) {
            logProbs.add(logProb);
        }
        return new Rollout(
                wanted.rolloutId(),
                prompt.getRequestId(),
                prompt.getPromptId(),
                prompt.getDataset(),
                prompt.getMessages(),
                prompt.getReference(),
                wanted.sampleIndex(),
                null,
                IntStream.of(response.promptTokens()).boxed().toList(),
                IntStream.of(response.tokens()).boxed().toList(),
                response.text(),
                logProbs,
                response.segments(),
                new SamplingSettings(
                        sampling.temperature(), sampling.topP(), sampling.topK(), sampling.maxTokens()),
                wanted.seed(),
                FinishReason.valueOf(response.finishReason().name()),
                now);
    }

    @Override
    public void close() {
        workers.forEach(RoleThread::stop);
        generator.close();
        workers.forEach(RoleThread::close);
    }
}
