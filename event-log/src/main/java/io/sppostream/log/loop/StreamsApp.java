package io.sppostream.log.loop;

import io.sppostream.log.DeadLetterHandler;
import io.sppostream.log.GroupInstance;
import io.sppostream.log.LogException;
import io.sppostream.log.LogObserver;
import io.sppostream.log.RunLog;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * A running Kafka Streams application. An exception that its topology does not handle stops all of its threads. Its
 * uncommitted work is rolled back, and the next start resumes from the last commit. Thread-safe.
 */
public final class StreamsApp implements RunningRole {
    /** Less than the 30 s after which container engines kill a process that they have asked to stop. */
    private static final Duration CLOSING = Duration.ofSeconds(15);

    private final String name;
    private final GroupInstance member;
    private final KafkaStreams streams;
    private final CompletableFuture<Void> running = new CompletableFuture<>();

    private StreamsApp(String name, GroupInstance member, KafkaStreams streams) {
        this.name = name;
        this.member = member;
        this.streams = streams;
    }

    /**
     * Starts a topology and returns at once.
     *
     * @param role name of the role, as in {@link io.sppostream.events.catalogue.RoleName}; in its namespace it is the
     *     application's id
     * @param stateDirectory where its state stores are kept on disk. Instances that share it have a folder each
     * @param threads stream threads
     * @param onFailure called once, on a thread of the application, with the reason why it stops; it must not close the
     *     application on that thread
     */
    public static StreamsApp start(
            Topology topology,
            RunLog runLog,
            String role,
            Path stateDirectory,
            int threads,
            Consumer<Throwable> onFailure) {
        String name = runLog.topics().application(role);
        GroupInstance member = GroupInstance.take(stateDirectory, name);
        Properties properties = new Properties();
        LogObserver observer = runLog.serdes().observer();
        properties.putAll(runLog.kafka().streams(name, ofInstance(stateDirectory, member), threads));
        properties.put(DeadLetterHandler.OBSERVER, observer);
        properties.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, member.id());
        StreamsApp app = new StreamsApp(name, member, new KafkaStreams(topology, properties, new StreamsClients()));
        AtomicBoolean failed = new AtomicBoolean();
        app.streams.setUncaughtExceptionHandler(error -> {
            LogException reason = Fencing.isFenced(error)
                    ? new StalledException(name, "one of its transactions was aborted", error)
                    : new LogException(name + " stopped: " + LogException.reason(error), error);
            app.running.completeExceptionally(reason);
            if (failed.compareAndSet(false, true)) {
                onFailure.accept(reason);
            }
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        app.streams.setStateListener((now, before) -> {
            if (now == State.RUNNING) {
                app.running.complete(null);
            }
        });
        observer.created(app.streams);
        app.streams.start();
        return app;
    }

    /** Kafka Streams refuses to start on a folder that another instance uses. */
    private static Path ofInstance(Path stateDirectory, GroupInstance member) {
        return member.number() == 0 ? stateDirectory : stateDirectory.resolve("instance-" + member.number());
    }

    @Override
    public Map<String, Readiness> readiness() {
        State state = streams.state();
        return Map.of(name, new Readiness(state == State.RUNNING, "streams " + state));
    }

    /**
     * Waits until the application has its partitions and its stores are restored.
     *
     * @throws LogException if it fails, or is not running within the timeout
     */
    public void awaitRunning(Duration timeout) throws InterruptedException {
        try {
            running.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new LogException(name + " is not running after " + timeout.toSeconds() + " s: it is "
                    + streams.state() + "; can the brokers be reached, and do its topics exist?");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof LogException reason ? reason : new LogException(name + " failed", e);
        }
    }

    /** Commits finished work, stops, and leaves the group, so that other members take over its partitions at once. */
    @Override
    public void close() {
        streams.close(CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(CLOSING));
        member.close();
    }
}
