package io.sppostream.verifiers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.dlq.DeadLetterQueue;
import io.sppostream.dlq.DeadLetterQueue.Resubmitted;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.DeadLetters;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.StreamsApp;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.ExactAnswerVerifier;
import io.sppostream.verify.RewardVerifier;
import io.sppostream.verify.Verifiers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters that are sent back reach the role that refused them, once, and nobody else. */
class RedeliveryIT {
    private static final Topics TOPICS = new Topics("again", 1);
    private static final String VERIFIER = TOPICS.application(RoleName.REWARD_VERIFIER);
    private static final String JOIN = TOPICS.application(RoleName.ADVANTAGE_STREAM);

    @TempDir
    private Path directory = Path.of("");

    @Test
    @SuppressWarnings("try")
    void shouldReachTheRoleThatRefusedARecordOnce() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            KafkaSettings kafka = cluster.kafka();
            try (VerifierLog log = new VerifierLog(kafka, TOPICS)) {
                RunLog runLog = new RunLog(kafka, log.serdes(), TOPICS);
                log.write(Stream.of(rollout("r-0"), rollout("r-1")));
                refuse(runLog, 0, "r-0", VERIFIER);
                refuse(runLog, 0, "r-0", VERIFIER);
                refuse(runLog, 0, "r-0", JOIN);
                refuse(runLog, 1, "r-1", VERIFIER);
                expire(runLog, "r-1");

                DeadLetterQueue queue = new DeadLetterQueue(runLog);
                Resubmitted first = queue.resubmit(List.of());
                assertThat(first.sent())
                        .extracting(letter -> letter.origin("role"))
                        .containsExactly(VERIFIER, JOIN);
                assertThat(first.settled())
                        .singleElement()
                        .satisfies(letter -> assertThat(letter.key()).isEqualTo("r-1".getBytes(UTF_8)));
                assertThat(queue.resubmit(List.of()).sent()).isEmpty();

                log.write(Stream.of(rollout("r-2")));
                Verifiers exact = Verifiers.of(
                        new ConfiguredVerifier("exact", "1", Map.of(), new Place.Inline(new ExactAnswerVerifier())));
                try (StreamsApp app =
                        RewardVerifier.start(runLog, exact, directory.resolve("streams"), 1, log::failed)) {
                    assertThat(log.await("exact", 4))
                            .extracting(Verdict::getRequestId)
                            .containsExactly("r-0", "r-1", "r-0", "r-2");
                }
                assertThat(seenBy(runLog, RoleName.CRITIC)).containsExactly("r-0", "r-1", "r-2");
                assertThat(seenBy(runLog, RoleName.ADVANTAGE_STREAM)).containsExactly("r-0", "r-1", "r-0", "r-2");
                try (EventReader observer = runLog.reader(List.of(TOPICS.rollouts()))) {
                    assertThat(observer.pollToEnd())
                            .extracting(EventRecord::redelivered)
                            .containsExactly(false, false, true, true, false);
                }
            }
        }
    }

    private static Rollout rollout(String requestId) {
        return Rollouts.of(requestId, "addition", "42", "42");
    }

    private static void refuse(RunLog log, long offset, String requestId, String role) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                TOPICS.rollouts().name(),
                0,
                offset,
                requestId.getBytes(UTF_8),
                log.serdes()
                        .serializer(TOPICS.rollouts())
                        .serialize(TOPICS.rollouts().name(), rollout(requestId)));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(log.kafka().producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(DeadLetters.of(record, role, new IllegalStateException("refused")));
        }
    }

    private static void expire(RunLog log, String requestId) {
        try (EventWriter writer = log.writer()) {
            writer.send(
                    TOPICS.expired(),
                    requestId,
                    new Expired(requestId, null, ExpiryReason.NOT_JUDGED, "", JOIN, Instant.EPOCH, 0));
        }
    }

    /** Requests whose rollouts a role gets to see. */
    private static List<String> seenBy(RunLog log, String role) {
        try (ExactlyOnceLog loop = ExactlyOnceLog.sole(log, role, List.of(TOPICS.rollouts()), Duration.ofSeconds(10))) {
            return Stream.generate(() -> loop.poll(Duration.ofSeconds(1)))
                    .limit(5)
                    .flatMap(List::stream)
                    .map(EventRecord::key)
                    .toList();
        }
    }
}
