package io.sppostream.cli;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.run.Cluster;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.io.PrintStream;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./sppo topics}: the catalogue, on a cluster. */
@Command(
        name = "topics",
        description = "Create a run's topics and register their schemas, or describe the catalogue.",
        mixinStandardHelpOptions = true)
final class TopicsCommand implements Callable<Integer> {
    /** What is to be done. */
    static final class Action {
        @Option(names = "--create", description = "Create what is missing, and check what is there.")
        private boolean create;

        @Option(names = "--describe", description = "Print the catalogue, and whether the cluster has it.")
        private boolean describe;
    }

    @ArgGroup(exclusive = false, multiplicity = "1")
    private Action action = new Action();

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Override
    public Integer call() {
        Configuration configuration = options.loadForCluster();
        RunSettings settings = configuration.settings();
        try (Cluster cluster = Cluster.start(configuration, failure -> {});
                EventSerdes serdes = new EventSerdes(cluster.kafka());
                TopicAdmin admin = new TopicAdmin(cluster.kafka())) {
            if (action.create) {
                RunRecord.start(
                        configuration, new RunLog(cluster.kafka(), serdes, settings.topics()), Clock.systemUTC());
            }
            if (action.describe) {
                describe(settings.topics(), System.out);
            }
            System.out.println("run '" + settings.run() + "' has "
                    + (admin.exists(settings.topics()) ? "its" : "no") + " topics at "
                    + cluster.kafka().bootstrapServers());
        }
        return 0;
    }

    private static void describe(Topics topics, PrintStream out) {
        List<? extends Topic<? extends SpecificRecord>> all = topics.all();
        int width = all.stream().mapToInt(topic -> topic.name().length()).max().orElse(0);
        String row = "%-" + width + "s  %-9s  %-15s  %10s  %s%n";
        out.printf(row, "TOPIC", "KEY", "EVENT", "PARTITIONS", "RETENTION");
        for (Topic<? extends SpecificRecord> topic : all) {
            out.printf(
                    row, topic.name(), topic.key(), topic.valueType().getSimpleName(), topic.partitions(), "for good");
        }
    }
}
