package io.sppostream.sppo.embedded;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeProducersResult.PartitionProducerState;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a crash leaves with a broker: group members whose session has not run out, for whom a rebalance waits; open
 * transactions, behind which no committed record is read; and hanging ones, which a partition has open although their
 * coordinator knows nothing of them, so that nobody would ever end them. The latter come of a kill -9 of the broker.
 */
final class CrashRemains {
    private static final Logger LOG = LoggerFactory.getLogger(CrashRemains.class);
    private static final int TIMEOUT_MS = 15_000;
    private static final Set<TransactionState> ENDED =
            Set.of(TransactionState.EMPTY, TransactionState.COMPLETE_COMMIT, TransactionState.COMPLETE_ABORT);

    private CrashRemains() {}

    /**
     * Removes them, so that a restart goes on at once.
     *
     * @param clients whether clients of before the crash may be at work still; they are then left alone
     * @throws EmbeddedException where the broker does not do it
     */
    static void remove(String bootstrapServers, boolean clients) {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", bootstrapServers,
                "default.api.timeout.ms", TIMEOUT_MS,
                "request.timeout.ms", TIMEOUT_MS);
        try (Admin admin = Admin.create(settings)) {
            if (!clients) {
                abortTransactions(admin);
                removeMembers(admin);
            }
            abortHangingTransactions(admin);
        } catch (ExecutionException e) {
            throw new EmbeddedException(
                    "what a crash left at " + bootstrapServers + " can't be removed: " + e.getCause(), e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static void abortTransactions(Admin admin) throws ExecutionException, InterruptedException {
        List<String> open = admin
                .listTransactions(new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING)))
                .all()
                .get()
                .stream()
                .map(TransactionListing::transactionalId)
                .toList();
        admin.fenceProducers(open).all().get();
    }

    private static void removeMembers(Admin admin) throws ExecutionException, InterruptedException {
        for (GroupListing group :
                admin.listGroups(ListGroupsOptions.forConsumerGroups()).all().get()) {
            if (group.groupState().orElse(GroupState.UNKNOWN) != GroupState.EMPTY) {
                admin.removeMembersFromConsumerGroup(group.groupId(), new RemoveMembersFromConsumerGroupOptions())
                        .all()
                        .get();
            }
        }
    }

    private static void abortHangingTransactions(Admin admin) throws ExecutionException, InterruptedException {
        // With the internal ones: offsets that a transaction has committed lie on one of them.
        Set<String> names = admin.listTopics(new ListTopicsOptions().listInternal(true))
                .names()
                .get();
        List<TopicPartition> partitions = admin.describeTopics(names).allTopicNames().get().values().stream()
                .flatMap(topic -> topic.partitions().stream()
                        .map(partition -> new TopicPartition(topic.name(), partition.partition())))
                .toList();
        Map<TopicPartition, PartitionProducerState> producers =
                admin.describeProducers(partitions).all().get();
        // Asked for afterwards: a transaction is known to its coordinator before a partition has anything of it.
        Set<Long> known = admin.listTransactions().all().get().stream()
                .filter(transaction -> !ENDED.contains(transaction.state()))
                .map(TransactionListing::producerId)
                .collect(Collectors.toSet());
        for (TopicPartition partition : partitions) {
            for (ProducerState producer :
                    Objects.requireNonNull(producers.get(partition)).activeProducers()) {
                if (producer.currentTransactionStartOffset().isPresent() && !known.contains(producer.producerId())) {
                    LOG.warn("{}: aborting a transaction that its coordinator has lost, {}", partition, producer);
                    admin.abortTransaction(new AbortTransactionSpec(
                                    partition,
                                    producer.producerId(),
                                    (short) producer.producerEpoch(),
                                    producer.coordinatorEpoch().orElse(0)))
                            .all()
                            .get();
                }
            }
        }
    }
}
