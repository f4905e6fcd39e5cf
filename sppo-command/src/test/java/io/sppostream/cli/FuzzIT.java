package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Prompt;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.audit.Audit;
import io.sppostream.history.audit.AuditReport;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.util.RandomData;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random and mutated records on the topics of a run in progress. All topics get bytes that are not events. Those that
 * several programs may write also get random events, and copies of the run's own events with a field changed. (A changed
 * copy on a topic with one writer, such as the ledger, is a forgery, which the audit has to report.) No role stops, and
 * the audit is clean.
 */
class FuzzIT {
    private static final String RUN = "fuzzed";
    private static final long SEED = Long.getLong("fuzz.seed", 1);
    private static final int STEPS = Integer.getInteger("fuzz.steps", 120);
    private static final int WIRE_HEADER = 5;
    private static final Duration ROUND = Duration.ofMillis(250);

    private final Random random = new Random(SEED);
    private final Map<String, Integer> written = new TreeMap<>();

    /** Real values by topic, to mutate. */
    private final Map<String, List<byte[]>> real = new HashMap<>();

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldTrainOnAndAuditClean() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            KafkaSettings kafka = cluster.kafka();
            CompletableFuture<Integer> run = CompletableFuture.supplyAsync(() -> Main.run(
                    "train",
                    "--run=" + RUN,
                    "--steps=" + STEPS,
                    "--lag=1", // At K = 0, what was sampled while a step trained would be stale.
                    "--client-properties=" + cluster.clientProperties(),
                    "--data-dir=" + directory.resolve("data"),
                    "--runs-dir=" + directory.resolve("runs")));
            try (TopicAdmin admin = new TopicAdmin(kafka);
                    EventSerdes serdes = new EventSerdes(kafka)) {
                await().atMost(Duration.ofMinutes(1)).until(() -> run.isDone() || admin.exists(new Topics(RUN, 1)));
                Topics topics = await().ignoreExceptions()
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> admin.find(RUN), found -> true);
                await().atMost(Duration.ofMinutes(2)).until(() -> run.isDone() || hasSteps(admin, topics));
                fuzz(kafka, topics, run);
                System.out.println("seed " + SEED + ": " + written);

                assertThat(run.join()).isZero();
                AuditReport audit = new Audit(new RunLog(kafka, serdes, topics)).run();
                audit.print(System.out);
                assertThat(audit.first()).isEmpty();
            }
        }
    }

    private static boolean hasSteps(TopicAdmin admin, Topics topics) {
        return admin.ends(IsolationLevel.READ_COMMITTED, List.of(topics.trainingSteps())).values().stream()
                .anyMatch(end -> end > 0);
    }

    private void fuzz(KafkaSettings kafka, Topics topics, CompletableFuture<Integer> run) throws IOException {
        List<Topic<?>> open =
                List.of(topics.prompts(), topics.rollouts(), topics.verdicts(), topics.values(), topics.expired());
        Map<String, byte[]> headers = new HashMap<>();
        for (Topic<?> topic : topics.all()) {
            headers.put(topic.name(), header(kafka.schemaRegistryUrl(), topic));
        }
        try (KafkaConsumer<byte[], byte[]> reader = new KafkaConsumer<>(
                        kafka.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
                KafkaProducer<byte[], byte[]> writer =
                        new KafkaProducer<>(kafka.producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
            reader.assign(topics.all().stream()
                    .flatMap(topic -> Stream.iterate(0, i -> i + 1)
                            .limit(topic.partitions())
                            .map(partition -> new TopicPartition(topic.name(), partition)))
                    .toList());
            while (!run.isDone()) {
                long next = System.nanoTime() + ROUND.toNanos();
                for (long left = ROUND.toNanos(); left > 0; left = next - System.nanoTime()) {
                    reader.poll(Duration.ofNanos(left)).forEach(this::keep);
                }
                for (Topic<?> topic : topics.all()) {
                    write(writer, topic, "bytes", garbage(topic));
                }
                for (Topic<?> topic : open) {
                    write(writer, topic, "random", event(headers, topic, randomEvent(topic)));
                    // A changed expiry may say that a rollout has expired which was trained: the audit has to report
                    // it.
                    if (!topic.equals(topics.expired())) {
                        write(writer, topic, "mutated", mutated(headers, topic));
                    }
                }
                writer.flush();
            }
        }
    }

    private void keep(ConsumerRecord<byte[], byte[]> record) {
        List<byte[]> values = real.computeIfAbsent(record.topic(), topic -> new ArrayList<>());
        if (record.value() == null || record.value().length <= WIRE_HEADER) {
            return;
        }
        if (values.size() < 1000) {
            values.add(record.value());
        } else {
            values.set(random.nextInt(values.size()), record.value());
        }
    }

    private void write(KafkaProducer<byte[], byte[]> writer, Topic<?> topic, String kind, byte[] value) {
        byte[] key = random.nextInt(20) == 0 ? null : ("fuzz-" + random.nextInt(1000)).getBytes(UTF_8);
        writer.send(new ProducerRecord<>(topic.name(), null, key, random.nextInt(50) == 0 ? null : value));
        written.merge(topic.name().replace(RUN + ".", "") + " " + kind, 1, Integer::sum);
    }

    /** Bytes, with or without a header, or the first part of an event. */
    private byte[] garbage(Topic<?> topic) {
        List<byte[]> values = real.getOrDefault(topic.name(), List.of());
        byte[] bytes = new byte[random.nextInt(60)];
        random.nextBytes(bytes);
        if (bytes.length > 0 && random.nextBoolean()) {
            bytes[0] = 0;
        }
        if (values.isEmpty() || random.nextBoolean()) {
            return bytes;
        }
        byte[] value = values.get(random.nextInt(values.size()));
        byte[] cut = new byte[random.nextInt(Math.min(value.length, 2000))];
        System.arraycopy(value, 0, cut, 0, cut.length);
        return cut;
    }

    private GenericRecord randomEvent(Topic<?> topic) {
        GenericRecord event = (GenericRecord)
                new RandomData(schema(topic), 1, random.nextLong()).iterator().next();
        if (topic.valueType() != Prompt.class) {
            // Random ids may have one letter. A value or an expiry of a request that another random event has asked for
            // would be a forgery.
            event.put("requestId", event.get("requestId") + " of no prompt");
        }
        return event;
    }

    /** A real event with one field replaced by a random value. */
    private byte[] mutated(Map<String, byte[]> headers, Topic<?> topic) throws IOException {
        List<byte[]> values = real.getOrDefault(topic.name(), List.of());
        if (values.isEmpty()) {
            return event(headers, topic, randomEvent(topic));
        }
        byte[] value = values.get(random.nextInt(values.size()));
        GenericRecord event;
        try {
            event = new GenericDatumReader<GenericRecord>(schema(topic))
                    .read(
                            null,
                            DecoderFactory.get().binaryDecoder(value, WIRE_HEADER, value.length - WIRE_HEADER, null));
        } catch (IOException | RuntimeException e) {
            return value; // One of those written here that are not events.
        }
        List<Schema.Field> fields = schema(topic).getFields();
        Schema.Field field = fields.get(random.nextInt(fields.size()));
        event.put(field.pos(), randomEvent(topic).get(field.pos()));
        return event(headers, topic, event);
    }

    private static Schema schema(Topic<?> topic) {
        Schema schema = SpecificData.get().getSchema(topic.valueType());
        return new Schema.Parser().parse(schema.toString());
    }

    private static byte[] event(Map<String, byte[]> headers, Topic<?> topic, GenericRecord event) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(headers.get(topic.name()));
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        GenericData data = new GenericData();
        new GenericDatumWriter<GenericRecord>(schema(topic), data).write(event, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    /** The first bytes of a topic's events: zero, and the id of their schema. */
    private static byte[] header(String registryUrl, Topic<?> topic) throws IOException {
        try (InputStream in = URI.create(registryUrl + "/subjects/" + topic.name() + "-value/versions/latest")
                .toURL()
                .openStream()) {
            Matcher id = Pattern.compile("\"id\":(\\d+)").matcher(new String(in.readAllBytes(), UTF_8));
            assertThat(id.find()).isTrue();
            return ByteBuffer.allocate(WIRE_HEADER)
                    .put((byte) 0)
                    .putInt(Integer.parseInt(id.group(1)))
                    .array();
        }
    }
}
