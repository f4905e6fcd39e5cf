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
import io.sppostream.model.SamplingParameters;
import io.sppostream.rollout.ResponseGenerator.Outcome;
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
 * prompts -> rollouts. Each worker takes the prompts that are there, up to a batch, has them answered by the newest
 * policy version that none of them forbids, and commits the rollouts together with the prompts consumed: a crash in
 * between samples them again, and no prompt is answered twice. A prompt that no policy can answer is expired. Workers
 * are members of one consumer group: start more threads or more processes, up to the number of partitions.
 */
public final class RolloutProducer implements AutoCloseable {
    /**
     * @param seed of the run; a response's own seed follows from it
     * @param sampling how tokens are drawn
     * @param workers threads that sample
     * @param maxBatch prompts a worker takes at once
     */
    public record Settings(long seed, SamplingParameters sampling, int workers, int maxBatch) {}

    private final RunLog runLog;
    private final ResponseGenerator generator;
    private final Settings settings;
    private final Path stateDirectory;
    private final Clock clock;
    private final List<RoleThread> workers;

    /**
     * Starts the role.
     *
     * @param generator samples the responses; closed with the role
     * @param stateDirectory where its workers keep what they are called in their group
     * @param onFailure told what stopped a worker, if anything did
     */
    public RolloutProducer(
            RunLog runLog,
            ResponseGenerator generator,
            Settings settings,
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

    /** A poll is one batch, and long responses take their time. */
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
                List<EventRecord<?>> prompts = log.poll(Duration.ofMillis(200));
                if (!prompts.isEmpty()) {
                    answer(log, prompts);
                }
                // Dead letters by themselves too: a transaction left open is ended by the broker, and this loop with
                // it.
                if (log.uncommitted()) {
                    log.commit(List.of());
                }
            }
        }
    }

    private void answer(ExactlyOnceLog log, List<EventRecord<?>> received) throws InterruptedException {
        List<Prompt> prompts = received.stream().map(r -> (Prompt) r.event()).toList();
        List<Request> requests = prompts.stream()
                .flatMap(prompt -> Request.of(prompt, settings.seed()).stream())
                .toList();
        int minPolicyVersion =
                prompts.stream().mapToInt(Prompt::getMinPolicyVersion).max().orElse(0);
        List<Outcome> outcomes = generator.generate(requests, minPolicyVersion);
        Instant now = clock.instant();
        for (int i = 0; i < requests.size(); i++) {
            Request request = requests.get(i);
            String requestId = request.prompt().getRequestId();
            if (outcomes.get(i) instanceof Response response) {
                log.send(runLog.topics().rollouts(), requestId, response.toRollout(request, settings.sampling(), now));
            } else if (outcomes.get(i) instanceof Refusal refusal) {
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
