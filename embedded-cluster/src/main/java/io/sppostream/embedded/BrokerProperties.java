package io.sppostream.embedded;

import java.nio.file.Path;
import java.util.Properties;

/**
 * The settings of the one node. What differs from Kafka's defaults is either forced by there being one node, or chosen
 * for a machine whose few cores are wanted by the models.
 */
final class BrokerProperties {
    private BrokerProperties() {}

    static Properties of(Path logs, int port, int controllerPort) {
        Properties p = new Properties();

        // One node is broker and controller, on the loopback interface only.
        p.setProperty("process.roles", "broker,controller");
        p.setProperty("node.id", "1");
        p.setProperty("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        p.setProperty("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
        p.setProperty("controller.listener.names", "CONTROLLER");
        p.setProperty("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        p.setProperty("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        p.setProperty("inter.broker.listener.name", "PLAINTEXT");
        p.setProperty("log.dirs", logs.toString());

        // Internal topics: one replica, and few partitions, as each is a folder, four open files and a task at start.
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

        // The log is the truth: nothing is forgotten unless its topic says so, nor are the offsets of a run that is
        // taken up again after months.
        p.setProperty("log.retention.ms", "-1");
        p.setProperty("offsets.retention.minutes", String.valueOf(Integer.MAX_VALUE));

        // Chunks of weights. Producers raise max.request.size to match.
        p.setProperty("message.max.bytes", String.valueOf(4 << 20));
        p.setProperty("replica.fetch.max.bytes", String.valueOf(4 << 20));

        // After a kill -9 every segment that was not yet flushed is read again; a full segment is flushed.
        p.setProperty("log.segment.bytes", String.valueOf(64 << 20));
        p.setProperty("log.index.size.max.bytes", String.valueOf(1 << 20));
        p.setProperty("num.recovery.threads.per.data.dir", "2");

        // The default takes 128 MiB of heap.
        p.setProperty("log.cleaner.dedupe.buffer.size", String.valueOf(4 << 20));
        p.setProperty("log.cleaner.threads", "1");

        // Two cores, one of which has better things to do.
        p.setProperty("num.network.threads", "2");
        p.setProperty("num.io.threads", "3");
        p.setProperty("background.threads", "2");

        p.setProperty("group.coordinator.threads", "1");
        p.setProperty("group.coordinator.background.threads", "1");

        // A transaction that begins while the markers of the last are still being written is tried again this soon.
        p.setProperty("add.partitions.to.txn.retry.backoff.ms", "1");
        p.setProperty("add.partitions.to.txn.retry.backoff.max.ms", "100");

        // The controller gathers writes for 25 ms by default, which every topic made and every start would wait for.
        p.setProperty("controller.quorum.append.linger.ms", "0");

        // The only broker is never to be fenced while it lives, in a process that was halted for a while: BrokerMain
        // says what that does to transactions. There is no other that could take over.
        p.setProperty("broker.session.timeout.ms", "86400000");

        // How often it is looked for transactions that have been open for too long: readers wait behind them.
        p.setProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");

        // No empty record in the metadata log twice a second: nobody waits for one where there is one node.
        p.setProperty("metadata.max.idle.interval.ms", "0");
        return p;
    }
}
