package io.sppostream.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The dead letters of a run. A letter that is sent back to its topic leaves a note among the dead letters, a record
 * without a value, in the same transaction: it is sent back once, and the log says when.
 */
public final class DeadLetterBox {
    /** On a note: offset of the letter. On a record that was sent back: the letter it was. */
    private static final String RESUBMITTED = "sppo.resubmitted";

    private final KafkaSettings kafka;
    private final Topics topics;
    private final Map<String, Topic<? extends SpecificRecord>> byShortName = new LinkedHashMap<>();

    public DeadLetterBox(KafkaSettings kafka, Topics topics) {
        this.kafka = kafka;
        this.topics = topics;
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            byShortName.put(shortName(topic), topic);
        }
    }

    private String shortName(Topic<?> topic) {
        String name = topic.name().substring(topics.namespace().length() + 1);
        return name.substring(0, name.indexOf('.'));
    }

    /** All letters, topic by topic in the order of the catalogue, oldest first. */
    public List<Letter> letters() {
        List<Letter> letters = new ArrayList<>();
        Map<String, List<ConsumerRecord<byte[], byte[]>>> records = read();
        byShortName.forEach((name, topic) -> letters.addAll(letters(name, records.getOrDefault(name, List.of()))));
        return letters;
    }

    private static List<Letter> letters(String topic, List<ConsumerRecord<byte[], byte[]>> records) {
        Map<Long, Instant> resubmitted = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (isNote(record)) {
                resubmitted.put(
                        Long.valueOf(new String(
                                record.headers().lastHeader(RESUBMITTED).value(), UTF_8)),
                        Instant.ofEpochMilli(record.timestamp()));
            }
        }
        return records.stream()
                .filter(record -> !isNote(record))
                .map(record -> Letter.of(topic, record, resubmitted.get(record.offset())))
                .toList();
    }

    /** A letter says where it comes from; a note does not. */
    private static boolean isNote(ConsumerRecord<byte[], byte[]> record) {
        return record.headers().lastHeader("sppo.topic") == null
                && record.headers().lastHeader(RESUBMITTED) != null;
    }

    private Map<String, List<ConsumerRecord<byte[], byte[]>>> read() {
        Map<TopicPartition, String> names = new HashMap<>();
        byShortName.forEach((name, topic) -> names.put(new TopicPartition(topic.deadLetters(), 0), name));
        Map<String, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
        try (Consumer<byte[], byte[]> consumer = kafka.clients().consumer(kafka.lookup())) {
            consumer.assign(names.keySet());
            consumer.seekToBeginning(names.keySet());
            Map<TopicPartition, Long> ends = consumer.endOffsets(names.keySet());
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    String name = names.get(new TopicPartition(record.topic(), record.partition()));
                    records.computeIfAbsent(String.valueOf(name), key -> new ArrayList<>())
                            .add(record);
                }
            }
        }
        return records;
    }

    /**
     * The letter of an id.
     *
     * @throws UserException where there is none
     */
    public Letter find(String id) {
        return find(id, letters());
    }

    private Letter find(String id, List<Letter> letters) {
        return letters.stream()
                .filter(letter -> letter.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new UserException("run '" + topics.namespace() + "' has no dead letter '" + id
                        + "': ./sppo dlq list names those there are"));
    }

    /** The topic that a letter comes from. */
    public Topic<? extends SpecificRecord> topic(Letter letter) {
        Topic<? extends SpecificRecord> topic = byShortName.get(letter.topic());
        if (topic == null) {
            throw new IllegalArgumentException(letter.topic());
        }
        return topic;
    }

    /**
     * Sends letters back to the topics they come from, byte for byte: all of them or, where something fails, none.
     *
     * @param ids of the letters; empty for all that have not been sent back
     * @return those that were sent
     * @throws UserException where one is not there, or has been sent back before
     */
    public List<Letter> resubmit(List<String> ids) {
        // A second one of the same id fences the first: what it reads is all that was ever sent back.
        String transactionalId = topics.application("dlq");
        try (Producer<byte[], byte[]> producer =
                kafka.clients().producer(kafka.transactionalProducer(transactionalId, Duration.ZERO))) {
            producer.initTransactions();
            List<Letter> letters = letters();
            List<Letter> chosen = ids.isEmpty()
                    ? letters.stream()
                            .filter(letter -> letter.resubmitted() == null)
                            .toList()
                    : ids.stream().distinct().map(id -> find(id, letters)).toList();
            for (Letter letter : chosen) {
                if (letter.resubmitted() != null) {
                    throw new UserException(letter.id() + " was sent back at " + letter.resubmitted()
                            + " already; if it failed again, it is another letter");
                }
            }
            producer.beginTransaction();
            chosen.forEach(letter -> resubmit(producer, letter));
            producer.commitTransaction();
            return chosen;
        }
    }

    private void resubmit(Producer<byte[], byte[]> producer, Letter letter) {
        Topic<?> topic = topic(letter);
        RecordHeaders headers = new RecordHeaders();
        for (Header header : letter.headers()) {
            if (!header.key().startsWith(Letter.ORIGIN)) {
                headers.add(header);
            }
        }
        headers.add(RESUBMITTED, letter.id().getBytes(UTF_8));
        producer.send(new ProducerRecord<>(topic.name(), null, letter.key(), letter.value(), headers));
        RecordHeaders note = new RecordHeaders();
        note.add(RESUBMITTED, Long.toString(letter.offset()).getBytes(UTF_8));
        producer.send(new ProducerRecord<>(topic.deadLetters(), null, letter.key(), null, note));
    }
}
