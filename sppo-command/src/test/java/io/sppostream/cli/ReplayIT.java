package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.LogScan;
import io.sppostream.log.TopicAdmin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.IsolationLevel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Replays a short run on two partitions, unchanged and with changes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplayIT {
    private static final int STEPS = 12;
    private static final int BATCH = 64;

    private Path directory = Path.of("");
    private EmbeddedCluster cluster;
    private Map<?, Long> recorded = Map.of();

    @BeforeAll
    void train(@TempDir Path temporary) {
        directory = temporary;
        cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")));
        assertThat(train("source", "--steps=" + STEPS, "--set=partitions=2")).isZero();
        recorded = ends();
    }

    private int train(String run, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "train",
                "--run=" + run,
                "--set=batch.size=" + BATCH,
                "--set=eval.prompts=50",
                "--data-dir=" + directory.resolve("streams-of-" + run),
                "--runs-dir=" + directory.resolve("runs")));
        command.addAll(List.of(options));
        return Main.run(onCluster(command.toArray(String[]::new)));
    }

    @AfterAll
    void stop() {
        assertThat(ends()).as("ends of the source's topics").isEqualTo(recorded);
        cluster.close();
    }

    @Test
    void shouldMakeTheSameVerdictsValuesAdvantagesAndWeightsWhenNothingIsChanged() throws IOException {
        JsonNode report = replay("same", "--judge-again", "--score-again");

        assertThat(report.get("samples").asInt()).isEqualTo(STEPS * BATCH);
        assertThat(report.get("judged").asInt()).isEqualTo(STEPS * BATCH);
        assertThat(report.get("flips").asInt()).isZero();
        assertThat(report.get("values").get("different").asInt()).isZero();
        assertThat(report.get("advantages").get("different").asInt()).isZero();
        for (String line : List.of("critic", "policy")) {
            assertThat(report.get(line).get("steps").asInt()).isEqualTo(STEPS);
            assertThat(report.get(line).get("first_different_step").asInt())
                    .as("first step of the %s with other weights", line)
                    .isZero();
        }
        assertThat(report.get("accuracy").get("after"))
                .isEqualTo(report.get("accuracy").get("recorded"));
    }

    @Test
    void shouldMakeOtherWeightsFromTheSameAdvantagesWhenTheLearnerIsChanged() throws IOException {
        JsonNode report = replay("slower", "--set=policy.learning.rate=1e-4", "--set=batch.size=32");

        assertThat(report.get("advantages").get("different").asInt()).isZero();
        assertThat(report.get("policy").get("steps").asInt()).isEqualTo(2 * STEPS);
        assertThat(report.get("policy").get("first_different_step").asInt()).isEqualTo(1);

        // What the source has done is not part of the replay's timeline.
        Invocation inspect = Invocation.of(onCluster("inspect", "--step=3", "--run=slower"));
        assertThat(inspect.code()).as(inspect.err()).isZero();
        assertThat(inspect.out())
                .contains("samples credited", "* policy updated", "bottleneck")
                .doesNotContain("prompts released", "responses sampled", "responses judged");
    }

    @Test
    void shouldListTheRolloutsThatAnotherVerifierRewardsDifferently() throws IOException {
        JsonNode report = replay("choice", "--verifier=math:choice", "--only-advantages");

        // The references are not choices: no rollout can be judged, and nothing is trained on.
        assertThat(report.get("flips").asInt()).isEqualTo(STEPS * BATCH);
        assertThat(Files.readAllLines(directory.resolve("runs/choice/flips.jsonl")))
                .hasSize(STEPS * BATCH)
                .allSatisfy(line -> assertThat(line).contains("\"after\":\"UNPARSEABLE_REFERENCE\""));
        assertThat(report.get("samples").asInt()).isZero();
        assertThat(report.get("policy").isNull()).isTrue();
    }

    @Test
    void shouldReplayARangeOfOffsetsOnEachPartition() throws IOException {
        JsonNode report = replay("part", "--from-offset=10", "--to-offset=40", "--only-advantages");

        long within = samples().stream()
                .filter(sample -> sample.offset() >= 10 && sample.offset() < 40)
                .count();
        assertThat(report.get("samples").asLong()).isEqualTo(within).isBetween(20L, 60L);
    }

    @Test
    void shouldCutTheRunInTwoWhenOneRangeEndsWhereTheOtherBegins() throws IOException {
        List<Instant> times = samples().stream()
                .map(sample -> sample.event().getEstimatedAt())
                .sorted()
                .toList();
        Instant middle = times.get(times.size() / 2);
        long before = times.stream().filter(time -> time.isBefore(middle)).count();
        JsonNode early = replay("early", "--to-time=" + middle, "--only-advantages");
        JsonNode late = replay("late", "--from-time=" + middle, "--only-advantages");

        assertThat(early.get("samples").asLong()).isEqualTo(before).isPositive();
        assertThat(late.get("samples").asLong())
                .isEqualTo(STEPS * BATCH - before)
                .isPositive();
    }

    @Test
    void shouldTakeBoundsOutsideTheLogForItsEnds() throws IOException {
        JsonNode report = replay(
                "whole",
                "--from-offset=0",
                "--to-offset=1000000",
                "--from-time=2020-01-01T00:00:00Z",
                "--to-time=2100-01-01T00:00:00Z",
                "--only-advantages");

        assertThat(report.get("samples").asInt()).isEqualTo(STEPS * BATCH);
    }

    @ParameterizedTest
    @CsvSource({
        "1, --from-offset=1000000, no sample of run 'source' lies in the range: source.advantages.v1-0 has offsets 0 to",
        "1, --from-time=2100-01-01T00:00:00Z, no sample of run 'source' lies in the range",
        "1, --to-time=2020-01-01T00:00:00Z, no sample of run 'source' lies in the range",
        "1, --to-offset=0, no sample of run 'source' lies in the range",
        "2, --from-offset=-1, offsets count from 0",
        "2, --from-offset=40 --to-offset=10, --from-offset 40 is not before --to-offset 10",
        "2, --from-time=2026-01-02T00:00:00Z --to-time=2026-01-01T00:00:00Z, is not before --to-time 2026-01-01",
        "2, --from-time=yesterday, Invalid value for option '--from-time'",
    })
    void shouldSayWhatIsWrongWithARangeAndMakeNoNamespaceWhenNothingLiesInIt(int code, String range, String reason) {
        List<String> command = new ArrayList<>(List.of("replay", "--from=source", "--into=nothing"));
        command.addAll(List.of(range.split(" ")));
        Invocation replay = Invocation.of(onCluster(command.toArray(String[]::new)));

        assertThat(replay.code()).as(replay.err()).isEqualTo(code);
        assertThat(replay.err()).hasLineCount(1).startsWith("sppo: ").contains(reason);
        try (TopicAdmin admin = new TopicAdmin(kafka())) {
            assertThat(admin.exists(new Topics("nothing", 1))).isFalse();
        }
    }

    @Test
    void shouldReplayUntrainedRolloutsWhenAVerifierReplacesOneThatCannotJudge() throws IOException {
        replay("broken", "--verifier=math:choice", "--only-advantages");
        Invocation nothing = Invocation.of(onCluster("replay", "--from=broken", "--into=nothing"));
        JsonNode mended = replayOf("broken", "mended", "--verifier=exact");
        JsonNode again = replayOf("broken", "again", "--verifier=exact", "--score-again");

        assertThat(nothing.code()).isEqualTo(1);
        assertThat(nothing.err()).contains("run 'broken' has not trained yet");
        for (JsonNode report : List.of(mended, again)) {
            assertThat(report.get("samples").asInt()).isEqualTo(STEPS * BATCH);
            assertThat(report.get("untrained").toString()).isEqualTo("{\"NOT_JUDGED\":" + STEPS * BATCH + "}");
            assertThat(report.get("untrained_rewarded").asInt()).isEqualTo(STEPS * BATCH);
            assertThat(report.get("policy").get("steps").asInt()).isEqualTo(STEPS);
        }
        assertThat(again.get("critic").get("steps").asInt()).isEqualTo(STEPS);
        assertThat(Files.readAllLines(directory.resolve("runs/mended/flips.jsonl")))
                .hasSize(STEPS * BATCH)
                .allSatisfy(line -> assertThat(line).contains("\"before\":\"NOT_JUDGED\",\"rewardBefore\":null"));
    }

    @Test
    void shouldReplayPendingRolloutsAfterTheTrainedOnes() throws IOException {
        replay("odd", "--set=batch.size=100");
        JsonNode judged = replayOf("odd", "odd-judged", "--judge-again");

        // 7 batches of 100 are trained, 68 samples are pending.
        assertThat(judged.get("samples").asInt()).isEqualTo(STEPS * BATCH);
        assertThat(judged.get("flips").asInt()).isZero();
        assertThat(judged.get("untrained").toString()).isEqualTo("{\"PENDING\":68}");
        assertThat(judged.get("policy").get("first_different_step").asInt()).isZero();
    }

    @Test
    void shouldReplayRolloutsThatAnUnreachableServiceDidNotJudge() throws IOException {
        replay(
                "down",
                "--verifier=service",
                "--set=verifiers.service.type=http",
                "--set=verifiers.service.url=http://127.0.0.1:1/judge",
                "--set=verifiers.service.attempts=1",
                "--only-advantages");
        JsonNode up = replayOf("down", "up", "--verifier=exact", "--only-advantages");

        assertThat(up.get("untrained").toString()).isEqualTo("{\"INFRA_ERROR\":" + STEPS * BATCH + "}");
        assertThat(up.get("untrained_rewarded").asInt()).isEqualTo(STEPS * BATCH);
    }

    @Test
    void shouldTrainTheCriticOnSamplesThatThePolicyHasDiscardedOrNotReached() throws Exception {
        // At K = 1, samples are of an older version from the second step on, so that the effective sample size is below
        // 1.
        CompletableFuture<Integer> run = CompletableFuture.supplyAsync(() -> train(
                "paused",
                "--steps=4",
                "--lag=1",
                "--set=breaker.effective.sample.size=1",
                "--set=breaker.window=" + BATCH));
        // The feed releases no prompts while the policy pauses; the critic trains on the samples so far.
        await("the critic to be ahead of the policy, and done")
                .atMost(Duration.ofMinutes(1))
                .during(Duration.ofSeconds(1))
                .ignoreExceptionsInstanceOf(LogException.class) // The topics are not there at once.
                .until(() -> steps("paused", "policy") == 2
                        && steps("paused", "critic") > 2
                        && steps("paused", "critic") * BATCH
                                == events(new Topics("paused", 1).prompts()).size());
        int criticSteps = (int) steps("paused", "critic");
        JsonNode ahead = replayOf("paused", "ahead", "--score-again");

        assertThat(ahead.get("samples").asInt()).isEqualTo(2 * BATCH);
        assertThat(ahead.get("policy").get("steps").asInt()).isEqualTo(2);
        assertThat(ahead.get("critic").get("steps").asInt()).isEqualTo(criticSteps);
        for (String line : List.of("critic", "policy")) {
            assertThat(ahead.get(line).get("first_different_step").asInt())
                    .as("first step of the %s with other weights", line)
                    .isZero();
        }

        expireSomeThatThePolicyHasNotTrained("ahead", 3);
        JsonNode stale = replayOf("ahead", "stale", "--score-again");
        assertThat(stale.get("critic").get("first_different_step").asInt()).isZero();
        assertThat(events(new Topics("stale", 1).expired()))
                .extracting(each -> each.event().getReason())
                .containsOnly(ExpiryReason.STALE)
                .hasSize(3);
        JsonNode again = replayOf("stale", "again-judged", "--judge-again");
        assertThat(again.get("untrained").toString())
                .isEqualTo("{\"PENDING\":" + ((criticSteps - 2) * BATCH - 3) + ",\"STALE\":3}");

        while (!run.isDone()) {
            Main.run(onCluster("resume", "--run=paused"));
            Thread.sleep(500);
        }
        assertThat(run.get()).isZero();
    }

    @Test
    void shouldShowARequestOfAReplayFromItsPromptToItsLastRecord() throws IOException {
        replay("shown", "--score-again", "--only-advantages");
        String id = samples().get(0).event().getRollout().getRolloutId();
        Invocation inspect = Invocation.of(onCluster("inspect", id, "--run=shown"));

        assertThat(inspect.code()).isZero();
        assertThat(inspect.out())
                .contains(", a replay of 'source'", "reference")
                .containsSubsequence(
                        "shown.prompts.v1-0@",
                        "shown.values.v1-0@",
                        "shown.rollouts.v1-0@",
                        "shown.verdicts.v1-0@",
                        "shown.advantages.v1-0@")
                .contains("critic step")
                .doesNotContain("policy step", "pending");
        Invocation.of(onCluster("inspect", "--step=1", "--run=shown"))
                .assertRefusedButForTheBroker("run 'shown' has no step 1 of the policy: it has not trained yet");
    }

    @Test
    void shouldShowTheTimelineOfAStep() {
        Invocation inspect = Invocation.of(onCluster("inspect", "--step=5", "--run=source"));

        assertThat(inspect.code()).as(inspect.err()).isZero();
        assertThat(inspect.out())
                .startsWith("step 5 of the policy in run 'source': " + BATCH + " samples; times in ms since ")
                .containsPattern("  prompts scored +" + BATCH)
                .containsPattern("[ *] responses sampled +" + BATCH + "( +-?[0-9.]+){3}")
                .containsSubsequence(
                        "* step 5 started", "* policy updated", "* weights published", "* step 5 committed")
                .containsSubsequence("critic step 5 started", "critic step 5 committed")
                .containsPattern("\nbottleneck +[a-z ]+: [0-9.]+ ms of [0-9.]+ ms\n\nmetric ")
                .containsPattern("\nentropy +[0-9.]+ +nats\n");
    }

    @Test
    void shouldShowTheTimelineOfTheFirstAndTheLastStep() {
        for (int step : new int[] {1, STEPS}) {
            Invocation inspect = Invocation.of(onCluster("inspect", "--step=" + step, "--run=source"));

            assertThat(inspect.code()).as(inspect.err()).isZero();
            assertThat(inspect.out()).containsSubsequence("prompts released", "* policy updated", "bottleneck");
        }
    }

    @Test
    void shouldSayWhichStepsThereAre() {
        Invocation.of(onCluster("inspect", "--step=" + (STEPS + 1), "--run=source"))
                .assertRefusedButForTheBroker(
                        "run 'source' has no step " + (STEPS + 1) + " of the policy: it has steps 1 to " + STEPS);
    }

    @Test
    void shouldRefuseToResumeAReplayAsARun() throws IOException {
        replay("ended", "--only-advantages");
        Invocation train = Invocation.of(onCluster("train", "--run=ended", "--data-dir=" + directory.resolve("other")));

        assertThat(train.code()).isEqualTo(1);
        assertThat(train.err()).contains("'ended' is a replay, which cannot be resumed");
    }

    /** Replays the source. */
    private JsonNode replay(String into, String... options) throws IOException {
        return replayOf("source", into, options);
    }

    /** Replays a run and audits the result. */
    private JsonNode replayOf(String from, String into, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "replay",
                "--from=" + from,
                "--into=" + into,
                "--data-dir=" + directory.resolve("streams"),
                "--runs-dir=" + directory.resolve("runs")));
        command.addAll(List.of(options));
        assertThat(Main.run(onCluster(command.toArray(String[]::new)))).isZero();
        Invocation audit = Invocation.of(onCluster("audit", "--run=" + into, "--retrain"));
        assertThat(audit.code()).as(audit.out() + audit.err()).isZero();
        assertThat(audit.out()).contains("a replay of '" + from + "'");
        return new ObjectMapper()
                .readTree(directory.resolve("runs/" + into + "/replay.json").toFile());
    }

    private String[] onCluster(String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.add("--client-properties=" + cluster.clientProperties());
        return all.toArray(String[]::new);
    }

    /** The samples of the source. */
    private List<EventRecord<TrainingSample>> samples() {
        return events(new Topics("source", 2).advantages());
    }

    private <V extends SpecificRecord> List<EventRecord<V>> events(Topic<V> topic) {
        List<EventRecord<V>> events = new ArrayList<>();
        try (TopicAdmin admin = new TopicAdmin(kafka());
                EventSerdes serdes = new EventSerdes(kafka())) {
            new LogScan(kafka(), serdes)
                    .read(topic, admin.ends(IsolationLevel.READ_COMMITTED, List.of(topic)), events::add);
        }
        return events;
    }

    private long steps(String run, String line) {
        return events(new Topics(run, 1).trainingSteps()).stream()
                .filter(step -> step.event().getLine().equals(line))
                .count();
    }

    /** Adds records to a run that say that the policy discarded its first untrained samples as stale. */
    private void expireSomeThatThePolicyHasNotTrained(String run, int count) {
        Topics topics = new Topics(run, 1);
        Set<String> trained = events(topics.trainingSteps()).stream()
                .filter(step -> step.event().getLine().equals("policy"))
                .flatMap(step -> step.event().getSamples().stream())
                .map(TrainedSample::getRolloutId)
                .collect(Collectors.toSet());
        try (EventSerdes serdes = new EventSerdes(kafka());
                EventWriter writer = new EventWriter(kafka(), serdes)) {
            events(topics.advantages()).stream()
                    .map(sample -> sample.event().getRollout())
                    .filter(rollout -> !trained.contains(rollout.getRolloutId()))
                    .limit(count)
                    .forEach(rollout -> writer.send(
                            topics.expired(),
                            rollout.getRequestId(),
                            new Expired(
                                    rollout.getRequestId(),
                                    rollout.getRolloutId(),
                                    ExpiryReason.STALE,
                                    "lags by 3 policy versions, 2 at most are trained on",
                                    "policy-learner",
                                    Instant.now(),
                                    0)));
            writer.flush();
        }
    }

    private KafkaSettings kafka() {
        return cluster.kafka();
    }

    private Map<?, Long> ends() {
        try (TopicAdmin admin = new TopicAdmin(kafka())) {
            return admin.ends(IsolationLevel.READ_UNCOMMITTED, new Topics("source", 2).all());
        }
    }
}
