package io.sppostream.cli;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.run.Cluster;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import java.io.PrintStream;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./sppo topics}: the catalogue of topics, and the topics of a run. */
@Command(
        name = "topics",
        description = "Describe the catalogue of topics, or create a run's topics and register their schemas.",
        mixinStandardHelpOptions = true)
final class TopicsCommand implements Callable<Integer> {
    /** Stands for the run's name in the catalogue. */
    private static final String NO_RUN = "RUN";

    @Option(
            names = "--create",
            description = "Create the topics that are missing on a cluster, and check those that exist.")
    private boolean create;

    @Option(
            names = "--describe",
            description = "Print the catalogue; with --run, also whether the cluster or the embedded broker has the"
                    + " run's topics.")
    private boolean describe;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Override
    public Integer call() {
        if (!create && !describe) {
            throw new ParameterException(command.commandLine(), "give --describe, --create, or both");
        }
        if (create) {
            create(options.loadForCluster());
        }
        Configuration configuration = options.load(NO_RUN);
        boolean ofRun = !configuration.settings().run().equals(NO_RUN);
        if (ofRun) {
            describeRun(configuration);
        } else {
            print(configuration.settings().topics(), Map.of(), System.out);
        }
        return 0;
    }

    private static void create(Configuration configuration) {
        try (Cluster cluster = Cluster.start(configuration, failure -> {});
                EventSerdes serdes = new EventSerdes(cluster.kafka())) {
            RunLog log =
                    new RunLog(cluster.kafka(), serdes, configuration.settings().topics());
            RunRecord.start(configuration, Map.of(), log, Clock.systemUTC());
            RunRecord.risk(configuration, log).ifPresent(risk -> System.err.println("sppo: warning: " + risk));
        }
    }

    private void describeRun(Configuration configuration) {
        Topics topics = configuration.settings().topics();
        try (Cluster cluster = Cluster.ofRecordedRuns(configuration);
                TopicAdmin admin = new TopicAdmin(cluster.kafka())) {
            boolean exists = admin.exists(topics);
            if (describe) {
                Topics found = exists ? admin.find(topics.namespace()) : topics;
                print(found, exists ? admin.bytesOnDisk(found.all()) : Map.of(), System.out);
            }
            System.out.println("run '" + topics.namespace() + "' has " + (exists ? "its" : "no") + " topics at "
                    + cluster.kafka().bootstrapServers());
        }
    }

    /** @param bytes on disk by topic; empty if they are not known */
    private static void print(Topics topics, Map<String, Long> bytes, PrintStream out) {
        TextTable table = new TextTable("TOPIC", "KEY", "EVENT", "PARTITIONS", "RETENTION", "KB ON DISK");
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            table.add(
                    topic.name(),
                    topic.key(),
                    topic.valueType().getSimpleName(),
                    topic.partitions(),
                    "unlimited",
                    bytes.containsKey(topic.name()) ? bytes.get(topic.name()) / 1000 : "-");
        }
        table.print(out);
    }
}
