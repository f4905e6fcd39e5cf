package io.sppostream.log;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.GroupState;

/**
 * What killed clients leave with a broker: group members whose session (45 s) has not run out, for whom a rebalance
 * waits, and open transactions (10 s and more), behind which no committed record is read.
 */
public final class DeadClients {
    private DeadClients() {}

    /**
     * Removes all group members and aborts all open transactions, so that a restart goes on at once. Only for a cluster
     * of which nobody is a client at the moment, such as an embedded broker that has just been started.
     *
     * @throws LogException where the broker does not do it
     */
    public static void remove(KafkaSettings kafka) throws InterruptedException {
        Map<String, Object> settings = kafka.admin();
        settings.putIfAbsent("default.api.timeout.ms", 15_000);
        settings.putIfAbsent("request.timeout.ms", 5_000);
        try (Admin admin = Admin.create(settings)) {
            List<String> open = admin
                    .listTransactions(new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING)))
                    .all()
                    .get()
                    .stream()
                    .map(TransactionListing::transactionalId)
                    .toList();
            admin.fenceProducers(open).all().get();
            for (GroupListing group : admin.listGroups(ListGroupsOptions.forConsumerGroups())
                    .all()
                    .get()) {
                if (group.groupState().orElse(GroupState.UNKNOWN) != GroupState.EMPTY) {
                    admin.removeMembersFromConsumerGroup(group.groupId(), new RemoveMembersFromConsumerGroupOptions())
                            .all()
                            .get();
                }
            }
        } catch (ExecutionException e) {
            throw new LogException(
                    "what earlier clients left at " + kafka.bootstrapServers() + " can't be removed: "
                            + LogException.reason(e),
                    e);
        }
    }
}
