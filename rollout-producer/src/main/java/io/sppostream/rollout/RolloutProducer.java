package io.sppostream.rollout;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.log.EventRecord;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Refusal;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The role prompts -> rollouts. Each worker polls a batch of prompts, samples responses with the newest policy version,
 * once it is at least as new as each prompt demands, and commits the rollouts and the consumed prompts in one
 * transaction. After a crash the batch is sampled again, and no prompt is answered twice. A prompt that no policy can
 * answer expires. Workers are members of one consumer group: to scale, start more threads or processes, up to the
 * number of partitions.
 */
public final class RolloutProducer implements AutoCloseable {
    private final RunLog runLog;
    private final ResponseGenerator generator;
    private final RolloutProducerSettings settings;
    private final Path stateDirectory;
    private final Clock clock;
    private final List<RoleThread> workers;

    /**
     * Starts the role.
     *
     * @param generator samples the responses; closed with the role
     * @param stateDirectory keeps the names of the workers in their group across restarts
     * @param onFailure receives the exception that stops a worker
     */
    public RolloutProducer(
            RunLog runLog,
            ResponseGenerator generator,
            RolloutProducerSettings settings,
            Path stateDirectory,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.runLog = new RunLog(withBatchLimit(runLog.kafka(), settings.maxBatch()), runLog.serdes(), runLog.topics());
        this.generator = generator;
        this.settings = settings;
        this.stateDirectory = stateDirectory;
        this.clock = clock;
        this.workers = IntStream.range(0, settings.workers())
                .mapToObj(i -> new RoleThread(RoleName.ROLLOUT_PRODUCER + "#" + i, this::run, onFailure))
                .toList();
    }

    /** Limits a poll to one batch, and allows for the time that long responses take. */
    private static KafkaSettings withBatchLimit(KafkaSettings kafka, int maxBatch) {
        String interval = Long.toString(Duration.ofHours(1).toMillis());
        return kafka.with("max.poll.records", Integer.toString(maxBatch))
                .with("max.poll.interval.ms", kafka.properties().getOrDefault("max.poll.interval.ms", interval));
    }

    private void run(BooleanSupplier running) throws InterruptedException {
        try (ExactlyOnceLog log = ExactlyOnceLog.shared(
                runLog,
                RoleName.ROLLOUT_PRODUCER,
                stateDirectory,
                List.of(runLog.topics().prompts()))) {
            while (running.getAsBoolean()) {
                List<EventRecord<?>> records = log.poll(Duration.ofMillis(200));
                if (!records.isEmpty()) {
                    answer(log, records);
                }
                // A poll may have sent dead letters only. They need a commit too: the broker would abort the open
                // transaction after a while, which ends this loop.
                if (log.uncommitted()) {
                    log.commit(List.of());
                }
            }
        }
    }

    private void answer(ExactlyOnceLog log, List<EventRecord<?>> records) throws InterruptedException {
        List<Prompt> prompts =
                records.stream().map(record -> (Prompt) record.event()).toList();
        List<Request> requests = prompts.stream()
                .flatMap(prompt -> Request.of(prompt, settings.seed()).stream())
                .toList();
        int minPolicyVersion =
                prompts.stream().mapToInt(Prompt::getMinPolicyVersion).max().orElse(0);
        List<GenerationResult> results = generator.generate(requests, minPolicyVersion);
        Instant now = clock.instant();
        for (int i = 0; i < requests.size(); i++) {
            Request request = requests.get(i);
            String requestId = request.prompt().getRequestId();
            if (results.get(i) instanceof Response response) {
                log.send(runLog.topics().rollouts(), requestId, response.toRollout(request, settings.sampling(), now));
            } else if (results.get(i) instanceof Refusal refusal) {
                Expired expired = new Expired(
                        requestId,
                        request.rolloutId(),
                        ExpiryReason.INVALID_PROMPT,
                        refusal.reason(),
                        RoleName.ROLLOUT_PRODUCER,
                        now);
                log.send(runLog.topics().expired(), requestId, expired);
            }
        }
    }

    @Override
    public void close() {
        workers.forEach(RoleThread::stop);
        generator.close();
        workers.forEach(RoleThread::close);
    }
}
