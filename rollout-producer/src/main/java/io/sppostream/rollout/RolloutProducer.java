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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.TopicPartition;
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
    /**
     * Most time between two polls while a batch is generated. The group removes a member that does not poll, and waits for
     * it when others join, so a worker polls even when its responses take minutes; it receives nothing meanwhile.
     */
    private static final Duration KEEP_ALIVE = Duration.ofMillis(500);

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

    /** Limits a poll to one batch. */
    private static KafkaSettings withBatchLimit(KafkaSettings kafka, int maxBatch) {
        return kafka.with("max.poll.records", Integer.toString(maxBatch));
    }

    private void run(BooleanSupplier running) throws InterruptedException {
        try (Worker worker = new Worker()) {
            while (running.getAsBoolean()) {
                worker.answerNext();
            }
        }
    }

    /** A member of the group. For one thread. */
    private final class Worker implements AutoCloseable {
        /** Prompts polled during a generation: of partitions that a rebalance has assigned meanwhile. */
        private final List<EventRecord<?>> waiting = new ArrayList<>();

        /** Partitions that a rebalance has taken away since the batch was polled. */
        private final Set<TopicPartition> revoked = new HashSet<>();

        /** Generates on a thread of the same name, so that reports count its time as the worker's. */
        private final ExecutorService generation;

        private final ExactlyOnceLog log;

        Worker() {
            String name = Thread.currentThread().getName();
            generation = Executors.newSingleThreadExecutor(task -> {
                Thread thread = new Thread(task, name);
                thread.setDaemon(true);
                return thread;
            });
            log = ExactlyOnceLog.shared(
                    runLog,
                    RoleName.ROLLOUT_PRODUCER,
                    stateDirectory,
                    List.of(runLog.topics().prompts()),
                    this::discard);
        }

        /** Drops polled prompts of partitions that this worker no longer reads; if they come back, they are read again. */
        private void discard(Collection<TopicPartition> partitions) {
            revoked.addAll(partitions);
            waiting.removeIf(record -> partitions.contains(partition(record)));
        }

        void answerNext() throws InterruptedException {
            List<EventRecord<?>> batch = new ArrayList<>();
            if (waiting.isEmpty()) {
                log.resume();
                batch.addAll(log.poll(Duration.ofMillis(200)));
            } else {
                List<EventRecord<?>> first = waiting.subList(0, Math.min(waiting.size(), settings.maxBatch()));
                batch.addAll(first);
                first.clear();
            }
            revoked.clear();
            if (!batch.isEmpty()) {
                answer(batch);
            }
            // A poll may have sent dead letters only. They need a commit too: the broker would abort the open
            // transaction after a while, which ends this loop.
            if (log.uncommitted()) {
                log.commit(waiting);
            }
        }

        private void answer(List<EventRecord<?>> records) throws InterruptedException {
            List<Request> requests = new ArrayList<>();
            Map<Request, TopicPartition> partitions = new IdentityHashMap<>();
            int minPolicyVersion = 0;
            for (EventRecord<?> record : records) {
                Prompt prompt = (Prompt) record.event();
                minPolicyVersion = Math.max(minPolicyVersion, prompt.getMinPolicyVersion());
                for (Request request : Request.of(prompt, settings.seed())) {
                    requests.add(request);
                    partitions.put(request, partition(record));
                }
            }
            List<GenerationResult> results = generate(requests, minPolicyVersion);
            Instant now = clock.instant();
            for (int i = 0; i < requests.size(); i++) {
                if (!revoked.contains(partitions.get(requests.get(i)))) {
                    send(requests.get(i), results.get(i), now);
                }
            }
        }

        private List<GenerationResult> generate(List<Request> requests, int minPolicyVersion)
                throws InterruptedException {
            Future<List<GenerationResult>> results =
                    generation.submit(() -> generator.generate(requests, minPolicyVersion));
            while (true) {
                try {
                    return results.get(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    log.pause();
                    waiting.addAll(log.poll(Duration.ofMillis(10)));
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof InterruptedException interrupted) {
                        throw interrupted;
                    }
                    throw e.getCause() instanceof Error error
                            ? error
                            : e.getCause() instanceof RuntimeException failure
                                    ? failure
                                    : new IllegalStateException(e.getCause());
                }
            }
        }

        private void send(Request request, GenerationResult result, Instant now) {
            String requestId = request.prompt().getRequestId();
            if (result instanceof Response response) {
                log.send(runLog.topics().rollouts(), requestId, response.toRollout(request, settings.sampling(), now));
            } else if (result instanceof Refusal refusal) {
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

        @Override
        public void close() {
            generation.shutdownNow();
            log.close();
        }
    }

    private static TopicPartition partition(EventRecord<?> record) {
        return new TopicPartition(record.topic(), record.partition());
    }

    @Override
    public void close() {
        workers.forEach(RoleThread::stop);
        generator.close();
        workers.forEach(RoleThread::close);
    }
}
