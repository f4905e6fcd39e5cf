package io.sppostream.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.Verifiers.Assignment;
import io.sppostream.verify.math.GradingProfile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Function;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RewardVerifierTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final KafkaSettings KAFKA = new KafkaSettings("unused:9092", "mock://reward-verifier", Map.of());

    private static final ConfiguredVerifier EXACT =
            new ConfiguredVerifier("exact", "1", Map.of(), new Place.Inline(new ExactAnswerVerifier()));
    private static final ConfiguredVerifier MATH = new ConfiguredVerifier(
            "watcher", "7", Map.of("depth", "2"), new Place.Inline(new MathVerifier(GradingProfile.MATH)));

    private final Topics topics = new Topics("test", 1);

    @TempDir
    Path stateDirectory;

    private EventSerdes serdes;
    private TopologyTestDriver driver;
    private TestInputTopic<String, Rollout> rollouts;
    private TestOutputTopic<String, Verdict> verdicts;

    /** Judges by a function, under the name "scripted". */
    private record Scripted(Function<Rollout, Judgement> rule) implements Verifier {
        @Override
        public String name() {
            return "scripted";
        }

        @Override
        public String version() {
            return "3";
        }

        @Override
        public Judgement judge(Rollout rollout) {
            return rule.apply(rollout);
        }
    }

    private static Assignment scripted(Function<Rollout, Judgement> rule) {
        return new Assignment(
                new ConfiguredVerifier("scripted", "3", Map.of(), new Place.Inline(new Scripted(rule))), false);
    }

    @BeforeEach
    void start() {
        serdes = new EventSerdes(KAFKA);
        Map<String, List<Assignment>> byDataset = Map.of(
                "half", List.of(scripted(rollout -> new Judgement(VerdictStatus.INCORRECT, 0.5, null, "half"))),
                "throws",
                        List.of(scripted(rollout -> {
                            throw new IllegalStateException("the sandbox is gone");
                        })),
                "overflows", List.of(scripted(RewardVerifierTest::overflow)),
                "watched", List.of(new Assignment(EXACT, false), new Assignment(MATH, true)));
        Properties properties = new Properties();
        properties.putAll(KAFKA.streams(topics.application(RoleName.REWARD_VERIFIER), stateDirectory, 1));
        // The test driver discards open transactions before it processes a record, and dead letters with them.
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        driver = new TopologyTestDriver(
                RewardVerifier.topology(
                        new RunLog(KAFKA, serdes, topics),
                        new Verifiers(List.of(new Assignment(EXACT, false)), byDataset),
                        Clock.fixed(NOW, ZoneOffset.UTC)),
                properties);
        rollouts = driver.createInputTopic(
                topics.rollouts().name(), new StringSerializer(), serdes.serializer(topics.rollouts()));
        verdicts = driver.createOutputTopic(
                topics.verdicts().name(), new StringDeserializer(), serdes.deserializer(topics.verdicts()));
    }

    @AfterEach
    void stop() {
        driver.close();
        serdes.close();
    }

    @Test
    void shouldPublishASignedVerdictWhenARolloutArrives() {
        send("r-1", "addition", "42", "42");

        assertThat(verdicts.readKeyValuesToList())
                .containsExactly(KeyValue.pair(
                        "r-1",
                        new Verdict(
                                "r-1/0",
                                "r-1",
                                "exact",
                                "1",
                                VerdictStatus.CORRECT,
                                1.0,
                                "42",
                                "exact",
                                NOW,
                                Map.of(),
                                false)));
    }

    @Test
    void shouldUseTheVerifierOfTheDatasetWhenItHasOne() {
        send("r-1", "half", "42", "42");
        send("r-2", "addition", "41", "42");

        assertThat(verdicts.readValuesToList())
                .extracting(Verdict::getVerifier, Verdict::getVerifierVersion, Verdict::getReward)
                .containsExactly(tuple("scripted", "3", 0.5), tuple("exact", "1", 0.0));
    }

    @Test
    void shouldPublishAVerdictOfEachVerifierWhenADatasetHasSeveral() {
        send("r-1", "watched", "42", "42");

        assertThat(verdicts.readValuesToList())
                .extracting(
                        Verdict::getVerifier,
                        Verdict::getVerifierVersion,
                        Verdict::getStatus,
                        Verdict::getSettings,
                        Verdict::getShadow)
                .containsExactly(
                        tuple("exact", "1", VerdictStatus.CORRECT, Map.of(), false),
                        tuple("watcher", "7", VerdictStatus.NO_ANSWER, Map.of("depth", "2"), true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"throws", "overflows"})
    void shouldReportAnInfrastructureErrorWithoutARewardWhenAVerifierThrows(String dataset) {
        send("r-1", dataset, "42", "42");
        send("r-2", "addition", "42", "42");

        assertThat(verdicts.readValuesToList())
                .extracting(Verdict::getStatus, Verdict::getReward)
                .containsExactly(tuple(VerdictStatus.INFRA_ERROR, null), tuple(VerdictStatus.CORRECT, 1.0));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "null",
            value = {
                "null, 'a record without a value, where a Rollout belongs'",
                "'', 'a value that does not name its schema'",
                "not avro, 'a value that does not name its schema'"
            })
    void shouldSendARecordToTheDlqAndContinueWhenItCannotBeRead(@Nullable String text, String error) {
        byte[] value = text == null ? null : text.getBytes(UTF_8);
        driver.createInputTopic(topics.rollouts().name(), new StringSerializer(), new ByteArraySerializer())
                .pipeInput("r-1", value);
        send("r-2", "addition", "42", "42");

        assertThat(verdicts.readValuesToList())
                .extracting(Verdict::getRequestId)
                .containsExactly("r-2");
        TestRecord<String, byte[]> letter = driver.createOutputTopic(
                        topics.rollouts().deadLetters(), new StringDeserializer(), new ByteArrayDeserializer())
                .readRecord();
        assertThat(letter.key()).isEqualTo("r-1");
        assertThat(letter.value()).isEqualTo(value);
        assertThat(header(letter, "sppo.topic")).isEqualTo("test.rollouts.v1");
        assertThat(header(letter, "sppo.offset")).isEqualTo("0");
        assertThat(header(letter, "sppo.error")).isEqualTo(error);
    }

    @Test
    void shouldMatchTheCommittedTopologyWhenDescribed() throws IOException {
        String described = RewardVerifier.topology(
                        new RunLog(KAFKA, serdes, topics), Verifiers.of(EXACT), Clock.systemUTC())
                .describe()
                .toString();

        try (var golden = Objects.requireNonNull(getClass().getResourceAsStream("/topology.txt"))) {
            assertThat(described).isEqualTo(new String(golden.readAllBytes(), UTF_8));
        }
    }

    private void send(String requestId, String dataset, String text, String reference) {
        rollouts.pipeInput(requestId, Rollouts.of(requestId, dataset, text, reference, FinishReason.STOP));
    }

    private static String header(TestRecord<?, ?> record, String name) {
        return new String(record.headers().lastHeader(name).value(), UTF_8);
    }

    @SuppressWarnings("InfiniteRecursion")
    private static Judgement overflow(Rollout rollout) {
        return overflow(rollout);
    }
}
