package io.sppostream.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.BrokerIdNotRegisteredException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.EligibleLeaderReplicasVersion;
import org.slf4j.LoggerFactory;

/**
 * The main class of the broker's JVM: one Kafka node that runs until the end of its standard input. The parent holds the
 * other end of that pipe, so the broker stops cleanly when the parent closes it and also when the parent is killed. The
 * broker reports its start on standard output in one line: {@link #READY}, {@link #PORT_IN_USE} or the error.
 */
final class BrokerMain {
    static final String READY = "ready";
    static final String PORT_IN_USE = "port-in-use";

    /** The file that Kafka writes to its folder after a clean shutdown, and removes at the next start. */
    private static final String CLEAN_SHUTDOWN = ".kafka_cleanshutdown";

    /** A shutdown that hangs is cut short after this long; the log recovers as after any crash. */
    private static final long STOP_LIMIT_MILLIS = 60_000;

    private BrokerMain() {}

    public static void main(String[] args) {
        PrintStream parent = System.out;
        System.setOut(System.err);
        InputStream lifeline = System.in;
        Thread watcher = new Thread(() -> stopAtEndOf(lifeline), "parent-watcher");
        watcher.setDaemon(true);
        watcher.start();
        try {
            Properties properties = read(Path.of(args[0]));
            format(properties);
            if (wasKilled(properties)) {
                unregisterKilledBroker(properties);
            }
            KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties, false), Time.SYSTEM);
            Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "broker-stop"));
            server.startup();
            tell(parent, READY);
            server.awaitShutdown();
        } catch (Throwable failure) {
            LoggerFactory.getLogger(BrokerMain.class).error("the broker failed", failure);
            tell(parent, hasCause(failure, BindException.class) ? PORT_IN_USE : failure.toString());
            System.exit(1);
        }
    }

    private static Properties read(Path file) throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(file)) {
            properties.load(in);
        }
        return properties;
    }

    /** Gives a new directory its cluster and node ids; an existing one keeps them. */
    private static void format(Properties properties) throws Exception {
        String logs = properties.getProperty("log.dirs");
        if (Files.exists(Path.of(logs, "meta.properties"))) {
            return;
        }
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(Integer.parseInt(properties.getProperty("node.id")))
                .setClusterId(Uuid.randomUuid().toString())
                .setControllerListenerName(properties.getProperty("controller.listener.names"))
                .setMetadataLogDirectory(logs)
                .setDirectories(List.of(logs))
                .setIgnoreFormatted(true)
                .setHasDynamicQuorum(false)
                // With a single replica and this feature, every restart would count as an unclean election.
                .setFeatureLevel(EligibleLeaderReplicasVersion.FEATURE_NAME, (short) 0)
                .run();
    }

    /** Whether the directory's last broker was killed: a clean shutdown leaves a file. */
    private static boolean wasKilled(Properties properties) {
        Path logs = Path.of(properties.getProperty("log.dirs"));
        return Files.exists(logs.resolve("__cluster_metadata-0")) && !Files.exists(logs.resolve(CLEAN_SHUTDOWN));
    }

    /**
     * Starts only the controller and unregisters the killed broker. If the new broker started while the killed one still
     * counted as alive, it would resume its leaderships, and be fenced when the session of the killed one expired. A
     * transaction that was being committed at the time of the kill would then count as committed without a marker on its
     * partitions, whose readers would wait forever (KAFKA-20734).
     */
    private static void unregisterKilledBroker(Properties properties) throws Exception {
        String name = properties.getProperty("controller.listener.names");
        String listener = Arrays.stream(properties.getProperty("listeners").split(",", -1))
                .filter(each -> each.startsWith(name))
                .findFirst()
                .orElseThrow();
        Properties alone = new Properties();
        alone.putAll(properties);
        alone.setProperty("process.roles", "controller");
        alone.setProperty("listeners", listener);
        alone.remove("advertised.listeners");
        KafkaRaftServer controller = new KafkaRaftServer(new KafkaConfig(alone, false), Time.SYSTEM);
        controller.startup();
        try (Admin admin = Admin.create(Map.of(
                "bootstrap.controllers",
                listener.substring(listener.indexOf("//") + 2),
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                properties.getProperty("listener.name.controller.plain.sasl.jaas.config")))) {
            admin.unregisterBroker(Integer.parseInt(properties.getProperty("node.id")))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof BrokerIdNotRegisteredException)) {
                throw e;
            }
        } finally {
            controller.shutdown();
            controller.awaitShutdown();
        }
    }

    private static void stopAtEndOf(InputStream lifeline) {
        try {
            while (lifeline.read() >= 0) {
                // The parent sends nothing; only the end of the stream matters.
            }
        } catch (IOException e) {
            System.err.println("standard input is gone: " + e);
        }
        Thread limit = new Thread(BrokerMain::haltLate, "stop-limit");
        limit.setDaemon(true);
        limit.start();
        System.exit(0);
    }

    private static void haltLate() {
        try {
            Thread.sleep(STOP_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        System.err.println("the broker has not stopped within " + STOP_LIMIT_MILLIS / 1000 + " s, ending it");
        Runtime.getRuntime().halt(1);
    }

    private static void tell(PrintStream parent, String line) {
        parent.print(line.replace('\n', ' ') + "\n");
        parent.flush();
    }

    private static boolean hasCause(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (type.isInstance(t)) {
                return true;
            }
        }
        return false;
    }
}
