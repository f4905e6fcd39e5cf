package io.sppostream.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.Redelivery;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dead letters of a run. A letter is redelivered to the role that refused the record; other roles skip the second
 * copy ({@link Redelivery}). The same transaction adds a note to the dead-letter topic, a record without a value. So each
 * role gets a refused record once more, and the log says when.
 */
public final class DeadLetterQueue {
    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterQueue.class);

    /** On a note: the offset of the letter. On a resubmitted record: the id of the letter. */
    private static final String RESUBMITTED = "sppo.resubmitted";

    private final RunLog log;
    private final Topics topics;
    private final Map<String, Topic<? extends SpecificRecord>> byShortName = new LinkedHashMap<>();

    public DeadLetterQueue(RunLog log) {
        this.log = log;
        this.topics = log.topics();
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            byShortName.put(shortName(topic), topic);
        }
    }

    private String shortName(Topic<?> topic) {
        String name = topic.name().substring(topics.namespace().length() + 1);
        return name.substring(0, name.indexOf('.'));
    }

    /** All letters, topic by topic in the order of the catalogue, oldest first. */
    public List<DeadLetter> letters() {
        List<DeadLetter> letters = new ArrayList<>();
        Map<String, List<ConsumerRecord<byte[], byte[]>>> records = read();
        byShortName.forEach((name, topic) -> letters.addAll(letters(name, records.getOrDefault(name, List.of()))));
        return letters;
    }

    private static List<DeadLetter> letters(String topic, List<ConsumerRecord<byte[], byte[]>> records) {
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
                .map(record -> DeadLetter.of(topic, record, resubmitted.get(record.offset())))
                .toList();
    }

    private static boolean isNote(ConsumerRecord<byte[], byte[]> record) {
        return !DeadLetter.isLetter(record) && record.headers().lastHeader(RESUBMITTED) != null;
    }

    private Map<String, List<ConsumerRecord<byte[], byte[]>>> read() {
        Map<TopicPartition, String> names = new HashMap<>();
        byShortName.forEach((name, topic) -> names.put(new TopicPartition(topic.deadLetters(), 0), name));
        Map<String, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
        try (Consumer<byte[], byte[]> consumer =
                log.kafka().clients().consumer(log.kafka().lookup())) {
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
     * The letter with an id.
     *
     * @throws UserException if there is none
     */
    public DeadLetter find(String id) {
        return find(id, letters());
    }

    private DeadLetter find(String id, List<DeadLetter> letters) {
        return letters.stream()
                .filter(letter -> letter.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new UserException(
                        "run '" + topics.namespace() + "' has no dead letter '" + id + "': ./sppo dlq list shows all"));
    }

    /** The topic that a letter comes from. */
    public Topic<? extends SpecificRecord> topic(DeadLetter letter) {
        Topic<? extends SpecificRecord> topic = byShortName.get(letter.topic());
        if (topic == null) {
            throw new IllegalArgumentException(letter.topic());
        }
        return topic;
    }

    /**
     * What became of letters to resubmit.
     *
     * @param sent letters that were sent back
     * @param settled letters that were not, since the log has the outcome of their rollouts
     */
    public record Resubmitted(List<DeadLetter> sent, List<DeadLetter> settled) {}

    /**
     * Sends letters back to the topics they come from, byte for byte, in one transaction. Rollouts whose outcome is on the
     * log are left out: they have been counted, and a second outcome would count them twice.
     *
     * @param ids of the letters; empty for all that have not been resubmitted
     * @throws UserException if one does not exist or was resubmitted before
     */
    public Resubmitted resubmit(List<String> ids) {
        // A second producer of this id fences the first, so the notes read below are complete.
        String transactionalId = topics.application("dlq");
        try (Producer<byte[], byte[]> producer =
                log.kafka().clients().producer(log.kafka().transactionalProducer(transactionalId, Duration.ZERO))) {
            producer.initTransactions();
            List<DeadLetter> letters = letters();
            Map<String, Instant> before = new HashMap<>();
            for (DeadLetter letter : letters) {
                if (letter.resubmitted() != null) {
                    before.put(letter.refusal(), letter.resubmitted());
                }
            }
            Map<String, DeadLetter> chosen = new LinkedHashMap<>();
            for (DeadLetter letter : ids.isEmpty()
                    ? letters
                    : ids.stream().distinct().map(id -> find(id, letters)).toList()) {
                Instant when = before.get(letter.refusal());
                if (when == null) {
                    chosen.putIfAbsent(letter.refusal(), letter);
                } else if (!ids.isEmpty()) {
                    throw new UserException(letter.id() + " was sent back at " + when
                            + " already; if the record failed again, it is a new letter");
                }
            }
            Set<String> settled = settledAmong(chosen.values());
            Map<Boolean, List<DeadLetter>> bySettled = chosen.values().stream()
                    .collect(Collectors.partitioningBy(letter -> settled.contains(letter.id())));
            List<DeadLetter> sent = bySettled.getOrDefault(false, List.of());
            producer.beginTransaction();
            sent.forEach(letter -> resubmit(producer, letter));
            producer.commitTransaction();
            return new Resubmitted(sent, bySettled.getOrDefault(true, List.of()));
        }
    }

    /** Ids of the letters with a rollout that the log says was trained, will be, or has expired. */
    private Set<String> settledAmong(Collection<DeadLetter> letters) {
        Map<String, Rollout> rollouts = new HashMap<>();
        Deserializer<Rollout> deserializer = log.serdes().deserializer(topics.rollouts());
        for (DeadLetter letter : letters) {
            if (topic(letter).equals(topics.rollouts()) && letter.value() != null) {
                try {
                    rollouts.put(
                            letter.id(),
                            deserializer.deserialize(topics.rollouts().name(), letter.value()));
                } catch (SerializationException e) {
                    LOG.debug("{} is no rollout, so it has no outcome", letter.id());
                }
            }
        }
        if (rollouts.isEmpty()) {
            return Set.of();
        }
        Set<String> outcomes =
                outcomes(rollouts.values().stream().map(Rollout::getRequestId).collect(Collectors.toSet()));
        rollouts.values()
                .removeIf(rollout ->
                        !outcomes.contains(rollout.getRolloutId()) && !outcomes.contains(rollout.getRequestId()));
        return rollouts.keySet();
    }

    /** Ids of the rollouts of some requests, and of requests as a whole, that have settled. */
    private Set<String> outcomes(Set<String> requestIds) {
        Set<String> outcomes = new HashSet<>();
        Map<TopicPartition, Long> ends;
        try (TopicAdmin admin = new TopicAdmin(log.kafka())) {
            ends = admin.ends(IsolationLevel.READ_COMMITTED, List.of(topics.expired(), topics.advantages()));
        }
        log.scan().read(topics.expired(), ends, requestIds::contains, record -> {
            String rolloutId = record.event().getRolloutId();
            outcomes.add(rolloutId == null ? record.event().getRequestId() : rolloutId);
        });
        log.scan()
                .read(
                        topics.advantages(),
                        ends,
                        requestIds::contains,
                        record -> outcomes.add(record.event().getRollout().getRolloutId()));
        return outcomes;
    }

    private void resubmit(Producer<byte[], byte[]> producer, DeadLetter letter) {
        Topic<?> topic = topic(letter);
        RecordHeaders headers = new RecordHeaders();
        for (Header header : letter.headers()) {
            if (!header.key().startsWith(DeadLetter.ORIGIN)) {
                headers.add(header);
            }
        }
        headers.add(RESUBMITTED, letter.id().getBytes(UTF_8));
        // Former versions name a task of Kafka Streams instead of the role. All roles get those.
        if (letter.origin("role").startsWith(topics.application(""))) {
            Redelivery.address(headers, letter.origin("role"));
        }
        producer.send(new ProducerRecord<>(topic.name(), null, letter.key(), letter.value(), headers));
        RecordHeaders note = new RecordHeaders();
        note.add(RESUBMITTED, Long.toString(letter.offset()).getBytes(UTF_8));
        producer.send(new ProducerRecord<>(topic.deadLetters(), null, letter.key(), null, note));
    }
}
