package io.sppostream.history.delete;

import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.UserException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.ReplicaInfo;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.utils.Utils;

/**
 * Deletes a run from its cluster: topics, consumer groups and schemas. Only names that this program gives are deleted; a
 * topic of another application is left alone even if its name begins with the run's.
 *
 * <p>The topic that records the run's starts is deleted last. A deletion that was interrupted can be repeated.
 */
public final class RunDeletion implements AutoCloseable {
    private static final long TIMEOUT_SECONDS = 30;

    /** A member that was killed, or that left without saying so, stays in its group for a session of 10 s. */
    private static final Duration SESSION = Duration.ofSeconds(20);

    private static final long POLL_MS = 250;

    /** The topic on which brokers keep groups and their offsets. */
    private static final String GROUPS = "__consumer_offsets";

    /** The names under which roles and commands have groups, transactions and internal topics. */
    private static final List<String> APPLICATIONS = List.of(
            RoleName.FEED,
            RoleName.ROLLOUT_PRODUCER,
            RoleName.REWARD_VERIFIER,
            RoleName.CRITIC,
            RoleName.CRITIC_SCORER,
            RoleName.ADVANTAGE_STREAM,
            RoleName.POLICY_LEARNER,
            RoleName.EVALUATOR,
            RoleName.REPLAY,
            "dlq");

    private final RunLog log;
    private final Topics topics;
    private final Admin admin;

    /** @param log of the run; its topics may have any number of partitions */
    public RunDeletion(RunLog log) {
        this.log = log;
        this.topics = log.topics();
        this.admin = log.kafka().clients().admin(log.kafka().admin());
    }

    /**
     * Finds what the cluster has of the run.
     *
     * @throws UserException if there is no such run
     */
    public RunContents find() {
        Set<String> present = await(
                admin.listTopics(new ListTopicsOptions().listInternal(true)).names());
        String starts = topics.runs().name();
        if (!present.contains(starts)) {
            throw new UserException("there is no run '" + topics.namespace() + "' at "
                    + log.kafka().bootstrapServers());
        }
        Set<String> names = new TreeSet<>();
        for (Topic<?> topic : topics.all()) {
            names.add(topic.name());
            names.add(topic.deadLetters());
        }
        present.stream().filter(this::isInternal).forEach(names::add);
        names.retainAll(present);
        names.remove(starts);
        List<String> ordered = new ArrayList<>(names);
        ordered.add(starts);
        return new RunContents(ordered, groups(present), bytes(new HashSet<>(ordered)));
    }

    private List<String> groups(Set<String> topics) {
        if (topics.contains(GROUPS)) {
            awaitCoordinators();
        }
        return await(admin.listGroups().all()).stream()
                .map(GroupListing::groupId)
                .filter(this::isOfRun)
                .sorted()
                .toList();
    }

    /**
     * Waits until the cluster knows all of its groups. A broker that has just started lists only the groups of those
     * partitions that it has begun to lead. A question about one group, on the other hand, is repeated until the group's
     * partition has a leader, which knows all groups of that partition.
     */
    private void awaitCoordinators() {
        int partitions = await(admin.describeTopics(List.of(GROUPS)).allTopicNames()).values().stream()
                .mapToInt(topic -> topic.partitions().size())
                .sum();
        Map<Integer, String> probes = new HashMap<>();
        for (int i = 0; probes.size() < partitions; i++) {
            String id = topics.application("probe-" + i);
            // The partition of a group, as brokers compute it.
            probes.putIfAbsent(Utils.abs(id.hashCode()) % partitions, id);
        }
        for (KafkaFuture<?> answer :
                admin.describeConsumerGroups(probes.values()).describedGroups().values()) {
            // Most answers are that there is no such group. Any answer will do.
            await(answer.toCompletionStage().handle((group, error) -> true).toCompletableFuture());
        }
    }

    /** Whether a topic is one that Kafka Streams has made for an application of the run. */
    private boolean isInternal(String topic) {
        return (topic.endsWith("-changelog") || topic.endsWith("-repartition")) && isOfRun(topic);
    }

    /** Whether an id is that of one of the run's applications, or of a part of one. */
    private boolean isOfRun(String id) {
        return APPLICATIONS.stream()
                .map(topics::application)
                .anyMatch(application ->
                        id.equals(application) || id.startsWith(application + "-") || id.startsWith(application + "."));
    }

    private long bytes(Set<String> names) {
        List<Integer> brokers =
                await(admin.describeCluster().nodes()).stream().map(Node::id).toList();
        long bytes = 0;
        for (Map<String, LogDirDescription> directories :
                await(admin.describeLogDirs(brokers).allDescriptions()).values()) {
            for (LogDirDescription directory : directories.values()) {
                for (Map.Entry<TopicPartition, ReplicaInfo> replica :
                        directory.replicaInfos().entrySet()) {
                    if (names.contains(replica.getKey().topic())) {
                        bytes += replica.getValue().size();
                    }
                }
            }
        }
        return bytes;
    }

    /**
     * Checks that no role of the run is at work. Waits for members that have stopped without leaving their group.
     *
     * @throws UserException if one is
     */
    public void requireIdle(RunContents contents) {
        long deadline = System.nanoTime() + SESSION.toNanos();
        Set<String> busy = busy(contents);
        while (!busy.isEmpty() && System.nanoTime() < deadline) {
            pause();
            busy = busy(contents);
        }
        if (!busy.isEmpty()) {
            throw new UserException("run '" + topics.namespace() + "' is in progress (" + String.join(", ", busy)
                    + "): stop its roles first");
        }
    }

    private Set<String> busy(RunContents contents) {
        Set<String> busy = new TreeSet<>();
        await(admin.describeConsumerGroups(contents.groups()).all()).forEach((id, group) -> {
            if (!group.members().isEmpty()) {
                busy.add(id);
            }
        });
        // Learners and replays read without members of a group, and are known by their transactions.
        ListTransactionsOptions open = new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING));
        await(admin.listTransactions(open).all()).stream()
                .map(TransactionListing::transactionalId)
                .filter(this::isOfRun)
                .forEach(busy::add);
        return busy;
    }

    /** Deletes it. */
    public void delete(RunContents contents) {
        if (!contents.groups().isEmpty()) {
            await(admin.deleteConsumerGroups(contents.groups()).all());
        }
        log.serdes().unregister(contents.topics());
        List<String> names = contents.topics();
        int last = names.size() - 1;
        await(admin.deleteTopics(names.subList(0, last)).all());
        await(admin.deleteTopics(names.subList(last, last + 1)).all());
        awaitUntil(() -> {
            Set<String> present = await(admin.listTopics().names());
            return names.stream().noneMatch(present::contains);
        });
    }

    private void awaitUntil(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new LogException("the topics of run '" + topics.namespace() + "' are still on the cluster after "
                        + TIMEOUT_SECONDS + " s: see ./sppo topics --describe --run " + topics.namespace());
            }
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private <T> T await(Future<T> future) {
        try {
            return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new LogException(
                    "the cluster at " + log.kafka().bootstrapServers() + " refuses a request of the deletion: "
                            + LogException.reason(e) + " (does this user have the permission to delete?)",
                    e);
        } catch (TimeoutException e) {
            throw new LogException("no Kafka broker answers at " + log.kafka().bootstrapServers() + " within "
                    + TIMEOUT_SECONDS + " s");
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
