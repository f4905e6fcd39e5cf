package io.sppostream.rollout;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.BoundedText;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.loop.RunningRole;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The role prompts -> rollouts. Each worker polls a batch of prompts, samples responses with the newest policy version,
 * once it is at least as new as each prompt demands, and commits the rollouts and the consumed prompts in one
 * transaction. After a crash the batch is sampled again, and no prompt is answered twice. A prompt that no policy can
 * answer expires as a whole ({@link PromptRules}), and so does a rollout that the log cannot hold; of a follow-up, each
 * rollout expires. Workers are members of one consumer group: to scale, start more threads or processes, up to the
 * number of partitions.
 */
public final class RolloutProducer implements RunningRole {
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
    private final int members;

    /** The loops of the workers, by the names of their threads. */
    private final Map<String, ExactlyOnceLog> logs = new ConcurrentHashMap<>();

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
        this.runLog = runLog.withPollLimit(settings.maxBatch());
        this.generator = generator;
        this.settings = settings;
        this.stateDirectory = stateDirectory;
        this.clock = clock;
        this.members = settings.members(runLog.topics().partitions());
        this.workers = IntStream.range(0, members)
                .mapToObj(i -> new RoleThread(worker(i), this::run, onFailure))
                .toList();
    }

    private void run(BooleanSupplier running) throws InterruptedException {
        try (Worker worker = new Worker()) {
            while (running.getAsBoolean()) {
                worker.answerNext();
            }
        }
    }

    private static TopicPartition partition(EventRecord<?> record) {
        return new TopicPartition(record.topic(), record.partition());
    }

    /**
     * The end of the next prompts that are answered together: as many as ask for no more rollouts than a batch has, and one
     * at least. It bounds the memory that prompts with many samples take.
     */
    static int endOfBatch(List<? extends EventRecord<?>> records, int from, int maxBatch) {
        int to = from;
        int rollouts = 0;
        while (to < records.size()) {
            rollouts += PromptRules.rollouts((Prompt) records.get(to).event());
            if (to > from && rollouts > maxBatch) {
                break;
            }
            to++;
        }
        return to;
    }

    /**
     * The end of a prompt that no policy can answer. A request expires as a whole, a follow-up rollout by rollout, since
     * it has its request in common with the rest of its group.
     */
    static List<Expired> refusals(Prompt prompt, String reason, Instant now) {
        String requestId = PromptRules.boundedId(prompt.getRequestId());
        Stream<@Nullable String> rolloutIds = prompt.getFollowUp() == null
                ? Stream.of((String) null)
                : IntStream.range(0, PromptRules.rollouts(prompt))
                        .mapToObj(i -> RolloutIds.of(PromptRules.boundedId(Request.id(prompt)), i));
        return rolloutIds
                .map(rolloutId -> new Expired(
                        requestId,
                        rolloutId,
                        ExpiryReason.INVALID_PROMPT,
                        BoundedText.of(reason, BoundedText.REASON),
                        RoleName.ROLLOUT_PRODUCER,
                        now,
                        0))
                .toList();
    }

    /** A member of the group. For one thread. */
    private final class Worker implements AutoCloseable {
        /** Prompts that were polled and are not in a batch yet. */
        private final List<EventRecord<?>> waiting = new ArrayList<>();

        /** Partitions that a rebalance has taken away since the batch was polled. */
        private final Set<TopicPartition> revoked = new HashSet<>();

        /** Generates on a thread of the same name, so that reports count its time as the worker's. */
        private final ExecutorService generation;

        private final ExactlyOnceLog log;

        Worker() {
            String name = Thread.currentThread().getName();
            log = ExactlyOnceLog.shared(
                    runLog,
                    RoleName.ROLLOUT_PRODUCER,
                    stateDirectory,
                    List.of(runLog.topics().prompts()),
                    this::discard);
            logs.put(name, log);
            generation = Executors.newSingleThreadExecutor(task -> {
                Thread thread = new Thread(task, name);
                thread.setDaemon(true);
                return thread;
            });
        }

        /** Drops polled prompts of partitions that this worker no longer reads; if they come back, they are read again. */
        private void discard(Collection<TopicPartition> partitions) {
            revoked.addAll(partitions);
            waiting.removeIf(record -> partitions.contains(partition(record)));
        }

        void answerNext() throws InterruptedException {
            if (waiting.isEmpty()) {
                log.resume();
                waiting.addAll(log.poll(Duration.ofMillis(200)));
            }
            revoked.clear();
            List<EventRecord<?>> next = waiting.subList(0, endOfBatch(waiting, 0, settings.maxBatch()));
            List<EventRecord<?>> batch = List.copyOf(next);
            next.clear();
            if (!batch.isEmpty()) {
                answer(batch);
            }
            // A poll may have sent dead letters only. They need a commit too: the broker would abort the open
            // transaction after a while, which ends this loop.
            if (!batch.isEmpty() || log.uncommitted()) {
                log.commit(waiting);
            }
        }

        private void answer(List<EventRecord<?>> records) throws InterruptedException {
            Map<EventRecord<?>, String> refused = new LinkedHashMap<>();
            List<Request> requests = new ArrayList<>();
            List<EventRecord<?>> asking = new ArrayList<>();
            int minPolicyVersion = 0;
            long since = System.nanoTime();
            for (EventRecord<?> record : records) {
                Prompt prompt = (Prompt) record.event();
                String violation = PromptRules.violation(prompt);
                if (violation == null) {
                    violation = generator.refuseVersion(prompt.getMinPolicyVersion(), since);
                }
                if (violation != null) {
                    refused.put(record, violation);
                    continue;
                }
                minPolicyVersion = Math.max(minPolicyVersion, prompt.getMinPolicyVersion());
                for (Request request : Request.of(prompt, settings.seed())) {
                    requests.add(request);
                    asking.add(record);
                }
            }
            List<GenerationResult> results = requests.isEmpty() ? List.of() : generate(requests, minPolicyVersion);
            Instant now = clock.instant();
            for (int i = 0; i < requests.size(); i++) {
                if (revoked.contains(partition(asking.get(i)))) {
                    continue;
                }
                if (results.get(i) instanceof Response response) {
                    send(requests.get(i), response, now);
                } else if (results.get(i) instanceof Refusal refusal) {
                    refused.put(asking.get(i), refusal.reason());
                }
            }
            refused.keySet().removeIf(record -> revoked.contains(partition(record)));
            refused.forEach((record, reason) ->
                    refusals((Prompt) record.event(), reason, now).forEach(this::send));
        }

        private void send(Request request, Response response, Instant now) {
            String requestId = request.prompt().getRequestId();
            Rollout rollout = response.toRollout(request, settings.sampling(), now);
            log.sendIfFits(runLog.topics().rollouts(), requestId, rollout, RolloutRules.MAX_BYTES)
                    .ifPresent(tooLarge -> send(new Expired(
                            requestId,
                            request.rolloutId(),
                            ExpiryReason.TOO_LARGE,
                            tooLarge,
                            RoleName.ROLLOUT_PRODUCER,
                            now,
                            0)));
        }

        private void send(Expired expired) {
            log.send(runLog.topics().expired(), expired.getRequestId(), expired);
        }

        private List<GenerationResult> generate(List<Request> requests, int minPolicyVersion)
                throws InterruptedException {
            Future<List<GenerationResult>> results =
                    generation.submit(() -> generator.generate(requests, minPolicyVersion));
            while (true) {
                try {
                    return results.get(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    // Repeated, since partitions that a rebalance assigns are not paused.
                    log.pause();
                    waiting.addAll(log.poll(Duration.ofMillis(10)));
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof InterruptedException interrupted) {
                        throw interrupted;
                    }
                    if (e.getCause() instanceof Error error) {
                        throw error;
                    }
                    throw e.getCause() instanceof RuntimeException failure
                            ? failure
                            : new IllegalStateException(e.getCause());
                }
            }
        }

        @Override
        public void close() {
            generation.shutdownNow();
            log.close();
        }
    }

    @Override
    public Map<String, Readiness> readiness() {
        Map<String, Readiness> all = new TreeMap<>();
        for (int i = 0; i < members; i++) {
            String name = worker(i);
            ExactlyOnceLog log = logs.get(name);
            all.put(name, log == null ? new Readiness(false, "starting") : log.membership());
        }
        all.put(RoleName.ROLLOUT_PRODUCER, generator.readiness());
        return all;
    }

    private static String worker(int number) {
        return RoleName.ROLLOUT_PRODUCER + "#" + number;
    }

    @Override
    public void close() {
        workers.forEach(RoleThread::stop);
        generator.close();
        workers.forEach(RoleThread::close);
    }
}
