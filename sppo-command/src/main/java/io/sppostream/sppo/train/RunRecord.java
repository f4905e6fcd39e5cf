package io.sppostream.sppo.train;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.djl.engine.Engine;
import io.sppostream.events.Run;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Topic;
import io.sppostream.log.TopicAdmin;
import io.sppostream.sppo.UserException;
import io.sppostream.sppo.config.Configuration;
import io.sppostream.sppo.config.Settings;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

/** The beginning of a run: its topics, their schemas, and the record of what it was started with. */
public final class RunRecord {
    private RunRecord() {}

    /**
     * Creates a run's topics, registers their schemas and records the configuration.
     *
     * @throws UserException where there is a run of that name
     */
    public static void begin(Configuration configuration, KafkaSettings kafka, EventSerdes serdes, Clock clock) {
        Settings settings = configuration.settings();
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            if (admin.exists(settings.topics())) {
                throw new UserException("there is a run '" + settings.run()
                        + "' on this cluster already: choose another name with --run");
            }
            create(admin, settings, serdes);
        }
        record(configuration, kafka, serdes, clock);
    }

    /** Begins a run, or creates what one that has begun is missing. */
    public static void beginOrComplete(
            Configuration configuration, KafkaSettings kafka, EventSerdes serdes, Clock clock) {
        Settings settings = configuration.settings();
        boolean begun;
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            begun = admin.exists(settings.topics());
            create(admin, settings, serdes);
        }
        if (!begun) {
            record(configuration, kafka, serdes, clock);
        }
    }

    /** Schemas first: where the registry refuses one, there is no run. */
    private static void create(TopicAdmin admin, Settings settings, EventSerdes serdes) {
        serdes.register(settings.topics());
        admin.create(settings.topics(), settings.getShort("replication.factor"));
    }

    private static void record(Configuration configuration, KafkaSettings kafka, EventSerdes serdes, Clock clock) {
        Settings settings = configuration.settings();
        Run run = new Run(
                settings.run(),
                configuration.toYaml(),
                configuration.sha256(),
                codeVersion(),
                settings.seed(),
                Map.of(
                        "java", System.getProperty("java.vm.version"),
                        "kafka", AppInfoParser.getVersion(),
                        "pytorch", Engine.getInstance().getVersion(),
                        "os", System.getProperty("os.name") + " " + System.getProperty("os.arch")),
                clock.instant());
        Topic<Run> topic = settings.topics().runs();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka.producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] value = serdes.serializer(topic).serialize(topic.name(), run);
            producer.send(new ProducerRecord<>(topic.name(), settings.run().getBytes(UTF_8), value))
                    .get();
        } catch (ExecutionException e) {
            throw new KafkaException("the run can't be recorded", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static String codeVersion() {
        String version = RunRecord.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
