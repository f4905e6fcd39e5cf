package io.sppostream.verifiers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.StreamsApp;
import io.sppostream.verify.AsyncVerifier;
import io.sppostream.verify.AttemptPolicy;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.ExactAnswerVerifier;
import io.sppostream.verify.HttpService;
import io.sppostream.verify.RewardVerifier;
import io.sppostream.verify.Verifiers;
import io.sppostream.verify.Verifiers.Assignment;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Verifiers that take their time, over a real broker. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AsyncVerifierIT {
    private static final ConfiguredVerifier EXACT =
            new ConfiguredVerifier("exact", "1", Map.of(), new Place.Inline(new ExactAnswerVerifier()));
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private Path directory = Path.of("");
    private EmbeddedCluster cluster;
    private KafkaSettings kafka;

    @BeforeAll
    void start(@TempDir Path temporary) {
        directory = temporary;
        cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")));
        kafka = cluster.kafka();
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    private static ConfiguredVerifier over(SlowService service, AttemptPolicy policy) {
        return new ConfiguredVerifier(
                "judge", "7", Map.of(), new Place.OverHttp(new HttpService(service.url(), null, Map.of()), policy));
    }

    private static Stream<Rollout> rollouts(int count, String dataset) {
        return IntStream.range(0, count)
                .mapToObj(i -> Rollouts.of(String.format("%06d", i), dataset, i % 2 == 0 ? "42" : "41", "42"));
    }

    private StreamsApp stream(Topics topics, VerifierLog log, Verifiers verifiers) throws InterruptedException {
        StreamsApp app = RewardVerifier.start(
                new RunLog(kafka, log.serdes(), topics), verifiers, directory.resolve("streams"), 1, log::failed);
        app.awaitRunning(MINUTE);
        return app;
    }

    /** How many rollouts a second the stream judges, from a backlog. */
    @SuppressWarnings("try")
    private double exactRate(Topics topics, VerifierLog log, Verifiers verifiers, int count) throws Exception {
        log.write(rollouts(count, "fast"));
        long start = System.nanoTime();
        try (StreamsApp app = stream(topics, log, verifiers)) {
            log.await("exact", count);
            return count / ((System.nanoTime() - start) / 1e9);
        }
    }

    @Test
    @SuppressWarnings("try")
    void shouldKeepAllSlotsOfASlowVerifierBusyAndHoldBackNobody() throws Exception {
        int fast = 30_000;
        int slow = 640;
        int atOnce = 64;
        Crowd crowd = new Crowd(atOnce, slow);
        try (SlowService service = SlowService.behind(crowd);
                VerifierLog warmUp = new VerifierLog(kafka, new Topics("warm-up", 2));
                VerifierLog alone = new VerifierLog(kafka, new Topics("alone", 2));
                VerifierLog together = new VerifierLog(kafka, new Topics("together", 2))) {
            ConfiguredVerifier judge =
                    over(service, new AttemptPolicy(atOnce, 1, 1, Duration.ofMillis(100), MINUTE, MINUTE));
            exactRate(new Topics("warm-up", 2), warmUp, Verifiers.of(EXACT), fast / 3);
            double rateAlone = exactRate(new Topics("alone", 2), alone, Verifiers.of(EXACT), fast);

            Verifiers verifiers = new Verifiers(
                    List.of(new Assignment(EXACT, false)),
                    Map.of("slow", List.of(new Assignment(EXACT, false), new Assignment(judge, false))));
            Topics topics = new Topics("together", 2);
            together.write(rollouts(slow, "slow"));
            try (AsyncVerifier role = new AsyncVerifier(
                    new RunLog(kafka, together.serdes(), topics),
                    verifiers,
                    judge,
                    directory.resolve("state"),
                    Clock.systemUTC(),
                    together::failed)) {
                await().atMost(MINUTE).until(() -> crowd.waiting() == atOnce);
                double rateTogether = exactRate(topics, together, verifiers, fast);
                assertThat(crowd.waiting()).as("none of the slow judgements").isEqualTo(atOnce);

                crowd.open();
                together.await("judge", slow);
                System.out.printf(
                        "exact alone %,.0f/s, beside a verifier that does not answer %,.0f/s; that one then judged %d,"
                                + " always with %d under way%n",
                        rateAlone, rateTogether, slow, atOnce);
                assertThat(service.requests()).isEqualTo(slow);
                assertThat(rateTogether).isGreaterThanOrEqualTo(0.7 * rateAlone);
            }
        }
    }

    /** A clock that ends the role now and then, between the verdicts of a transaction and their commit. */
    private static Clock failing(SplittableRandom random) {
        return InstantSource.tick(
                        () -> {
                            if (random.nextInt(150) == 0) {
                                throw new IllegalStateException("the machine is gone");
                            }
                            return Instant.EPOCH;
                        },
                        Duration.ofMillis(1))
                .withZone(ZoneOffset.UTC);
    }

    @Test
    @SuppressWarnings("try")
    void shouldPublishEachVerdictOnceWhateverFailsAndHoweverOftenItStarts() throws Exception {
        int count = 600;
        Topics topics = new Topics("crashes", 2);
        SplittableRandom random = new SplittableRandom(3);
        // Every fifth request is refused: most rollouts get another attempt, and some have none left.
        try (SlowService service = SlowService.taking(Duration.ofMillis(2), request -> request % 5 == 0 ? 503 : 200);
                VerifierLog log = new VerifierLog(kafka, topics)) {
            ConfiguredVerifier judge =
                    over(service, new AttemptPolicy(8, 4, 2, Duration.ofMillis(2), Duration.ofSeconds(10), MINUTE));
            log.write(rollouts(count, "any"));
            int starts = 0;
            while (log.verdicts().size() < count) {
                CompletableFuture<Throwable> failure = new CompletableFuture<>();
                starts++;
                try (AsyncVerifier role = new AsyncVerifier(
                        new RunLog(kafka, log.serdes(), topics),
                        Verifiers.of(judge),
                        judge,
                        directory.resolve("state"),
                        failing(random.split()),
                        failure::complete)) {
                    await().atMost(MINUTE)
                            .pollDelay(Duration.ZERO)
                            .until(() -> failure.isDone() || log.verdicts().size() >= count);
                }
            }

            List<Verdict> verdicts = log.verdicts();
            Set<String> judged = new HashSet<>();
            verdicts.forEach(verdict -> judged.add(verdict.getRolloutId()));
            System.out.printf(
                    "%d rollouts, %d starts, %d requests, %d verdicts, %d INFRA_ERROR%n",
                    count,
                    starts,
                    service.requests(),
                    verdicts.size(),
                    verdicts.stream()
                            .filter(verdict -> verdict.getStatus() == VerdictStatus.INFRA_ERROR)
                            .count());
            assertThat(starts).as("starts").isGreaterThan(3);
            assertThat(verdicts).hasSize(count);
            assertThat(judged).hasSize(count);
            assertThat(verdicts).allSatisfy(verdict -> {
                if (verdict.getStatus() == VerdictStatus.INFRA_ERROR) {
                    assertThat(verdict.getReward()).isNull();
                    assertThat(verdict.getRule()).isEqualTo("http-503");
                } else {
                    assertThat(verdict.getReward())
                            .isEqualTo(Integer.parseInt(verdict.getRequestId()) % 2 == 0 ? 1.0 : 0.0);
                }
            });
        }
    }
}
