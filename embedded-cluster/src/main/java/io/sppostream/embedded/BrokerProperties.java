package io.sppostream.embedded;

import java.nio.file.Path;
import java.util.Properties;

/**
 * The settings of the single node. Deviations from Kafka's defaults are either required by a single node, or chosen for
 * a machine whose few cores the models need. Stateless.
 */
final class BrokerProperties {
    private BrokerProperties() {}

    /** The settings of a node with its log in a folder, and broker and controller on two ports. */
    static Properties of(Path logs, int port, int controllerPort, ClusterSecret secret) {
        Properties p = new Properties();

        // One node is broker and controller, on the loopback interface only.
        p.setProperty("process.roles", "broker,controller");
        p.setProperty("node.id", "1");
        p.setProperty("listeners", "SASL_PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        p.setProperty("advertised.listeners", "SASL_PLAINTEXT://127.0.0.1:" + port);
        p.setProperty("controller.listener.names", "CONTROLLER");
        p.setProperty("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        p.setProperty("listener.security.protocol.map", "CONTROLLER:SASL_PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT");
        p.setProperty("inter.broker.listener.name", "SASL_PLAINTEXT");

        // Other users of the machine can reach the ports, but do not have the secret. The controller demands it
        // too: its requests can do all that a broker's can.
        p.setProperty("sasl.enabled.mechanisms", "PLAIN");
        p.setProperty("sasl.mechanism.inter.broker.protocol", "PLAIN");
        p.setProperty("sasl.mechanism.controller.protocol", "PLAIN");
        p.setProperty("listener.name.sasl_plaintext.plain.sasl.jaas.config", secret.brokerJaas());
        p.setProperty("listener.name.controller.plain.sasl.jaas.config", secret.brokerJaas());
        p.setProperty("log.dirs", logs.toString());

        // Internal topics: one replica, and few partitions, since each costs a folder, four open files and work at
        // start.
        p.setProperty("offsets.topic.replication.factor", "1");
        p.setProperty("offsets.topic.num.partitions", "4");
        p.setProperty("transaction.state.log.replication.factor", "1");
        p.setProperty("transaction.state.log.min.isr", "1");
        p.setProperty("transaction.state.log.num.partitions", "4");
        p.setProperty("share.coordinator.state.topic.replication.factor", "1");
        p.setProperty("share.coordinator.state.topic.min.isr", "1");
        p.setProperty("share.coordinator.state.topic.num.partitions", "1");

        // Topics come from the catalogue; a misspelt name is an error, not a new topic.
        p.setProperty("auto.create.topics.enable", "false");
        p.setProperty("group.initial.rebalance.delay.ms", "0");

        // The log is the source of truth: records are kept unless their topic says otherwise, and so are the offsets of
        // a run that is resumed after months.
        p.setProperty("log.retention.ms", "-1");
        // Deleted weights leave the disk soon.
        p.setProperty("log.retention.check.interval.ms", "20000");
        p.setProperty("log.segment.delete.delay.ms", "1000");
        p.setProperty("offsets.retention.minutes", String.valueOf(Integer.MAX_VALUE));

        // For topics without a limit of their own. Dead letters are the largest records.
        p.setProperty("message.max.bytes", String.valueOf(17 << 20));
        p.setProperty("replica.fetch.max.bytes", String.valueOf(17 << 20));

        // After a kill -9 Kafka reads every unflushed segment again; it flushes a segment when it is full.
        p.setProperty("log.segment.bytes", String.valueOf(64 << 20));
        p.setProperty("log.index.size.max.bytes", String.valueOf(1 << 20));
        p.setProperty("num.recovery.threads.per.data.dir", "2");

        // The default would take 128 MiB of heap.
        p.setProperty("log.cleaner.dedupe.buffer.size", String.valueOf(17 << 20));
        p.setProperty("log.cleaner.threads", "1");

        // Few threads, since the models need the cores.
        p.setProperty("num.network.threads", "2");
        p.setProperty("num.io.threads", "3");
        p.setProperty("background.threads", "2");

        // The system adapts the buffers of sockets; Kafka's of 100 KB are less than a batch.
        p.setProperty("socket.send.buffer.bytes", "-1");
        p.setProperty("socket.receive.buffer.bytes", "-1");

        p.setProperty("group.coordinator.threads", "1");
        p.setProperty("group.coordinator.background.threads", "1");

        // How soon a transaction is retried that begins while the markers of the previous one are being written.
        p.setProperty("add.partitions.to.txn.retry.backoff.ms", "1");
        p.setProperty("add.partitions.to.txn.retry.backoff.max.ms", "100");

        // By default the controller gathers writes for 25 ms, which would delay each start and each new topic.
        p.setProperty("controller.quorum.append.linger.ms", "0");

        // The broker must not be fenced while it lives, for example when its process was suspended: BrokerMain explains
        // what that does to transactions. No other broker could take over anyway.
        p.setProperty("broker.session.timeout.ms", "86400000");

        // How often the broker looks for transactions that have been open for too long, which block readers.
        p.setProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");

        // Without empty records in the metadata log twice a second, which a single node does not need.
        p.setProperty("metadata.max.idle.interval.ms", "0");
        return p;
    }
}
