package io.sppostream.sppo.cli;

import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.Topics;
import io.sppostream.sppo.UserException;
import io.sppostream.sppo.config.Configuration;
import io.sppostream.sppo.train.Cluster;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A run that is on the log, while a command looks at it. */
record OpenRun(KafkaSettings kafka, EventSerdes serdes, Topics topics) {

    /**
     * Does something with a run.
     *
     * @throws UserException where there is no such run
     */
    static void with(LogOptions options, Consumer<OpenRun> action) {
        Configuration configuration = options.load();
        Topics topics = configuration.settings().topics();
        try (Cluster cluster = Cluster.start(configuration, failure -> {});
                EventSerdes serdes = new EventSerdes(cluster.kafka());
                TopicAdmin admin = new TopicAdmin(cluster.kafka())) {
            if (!admin.exists(topics)) {
                throw new UserException("there is no run '" + topics.namespace() + "' at "
                        + cluster.kafka().bootstrapServers() + ": check --run, and --data-dir or --bootstrap-servers");
            }
            int partitions = partitions(cluster.kafka(), topics);
            action.accept(new OpenRun(cluster.kafka(), serdes, new Topics(topics.namespace(), partitions)));
        }
    }

    private static int partitions(KafkaSettings kafka, Topics topics) {
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(kafka.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return consumer.partitionsFor(topics.prompts().name()).size();
        }
    }
}
