package io.sppostream.run.timeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Recovery;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Timelines of steps by hand. Times are milliseconds since an arbitrary instant. */
class StepTimelineTest {
    private static final Instant ZERO = Instant.parse("2026-01-02T03:04:05Z");

    private static Instant at(long millis) {
        return ZERO.plusMillis(millis);
    }

    private static StepTimes step(ModelKind kind, int step, long started, long updated, long published, long done) {
        return new StepTimes(kind, step, at(started), at(updated), at(published), at(done));
    }

    private static SampleTimes sample(long released, @Nullable Long scored, long sampled, long judged, long credited) {
        return new SampleTimes(
                at(released), scored == null ? null : at(scored), false, at(sampled), at(judged), at(credited));
    }

    /** A step at K = 0: released after step 1 of both models, two batches of responses, a quick critic. */
    private static StepTimeline synchronous(long criticsStepDone, long scored) {
        return StepTimeline.of(
                2,
                List.of(
                        step(ModelKind.POLICY, 1, 0, 90, 95, 100),
                        step(ModelKind.CRITIC, 1, 0, 80, 85, criticsStepDone),
                        step(ModelKind.CRITIC, 2, 180, 200, 205, 210),
                        step(ModelKind.POLICY, 2, 180, 230, 236, 240)),
                List.of(
                        sample(110, scored, 130, 145, 160),
                        sample(112, scored, 130, 146, 161),
                        sample(114, scored, 140, 147, 170)),
                List.of(sample(0, 5L, 10, 12, 14)));
    }

    private static List<String> path(StepTimeline timeline) {
        return timeline.hops().stream()
                .filter(timeline::isCritical)
                .map(Hop::name)
                .toList();
    }

    private static List<String> parts(StepTimeline timeline) {
        return timeline.parts().stream()
                .map(part -> part.description() + " " + part.length().toMillis())
                .toList();
    }

    @Test
    void shouldLeadThroughTheVerifierWhenTheCriticIsQuicker() {
        StepTimeline timeline = synchronous(90, 120);

        assertThat(path(timeline))
                .containsExactly(
                        "step 1 committed",
                        "prompts released",
                        "responses sampled",
                        "responses judged",
                        "samples credited",
                        "step 2 started",
                        "policy updated",
                        "weights published",
                        "step 2 committed");
        assertThat(parts(timeline))
                .containsExactly(
                        "waiting until the first prompt was released 10",
                        "releasing the prompts 4",
                        "sampling the responses 26",
                        "waiting until the first response was judged 5",
                        "judging the responses 2",
                        "waiting until the first advantage was computed 13",
                        "computing the advantages 10",
                        "waiting until the learner had the samples 10",
                        "updating the policy 50",
                        "publishing the weights 6",
                        "committing the step 4");
        assertThat(timeline.length()).isEqualTo(Duration.ofMillis(140));
        assertThat(timeline.parts().stream().map(StepTimeline.Part::length).reduce(Duration.ZERO, Duration::plus))
                .isEqualTo(timeline.length());
        assertThat(timeline.waitsForLearner()).isEmpty();
        assertThat(timeline.learnerWaitedFor())
                .isEqualTo(Map.of(
                        "feed", Duration.ofMillis(14),
                        "rollout-producer", Duration.ofMillis(26),
                        "reward-verifier", Duration.ofMillis(7),
                        "advantage-stream", Duration.ofMillis(33)));
    }

    @Test
    void shouldLeadThroughTheCriticWhenItsValuesComeLast() {
        StepTimeline timeline = synchronous(90, 155);

        assertThat(path(timeline))
                .contains("prompts released", "prompts scored", "samples credited")
                .doesNotContain("responses sampled", "responses judged");
        assertThat(parts(timeline)).contains("scoring 41", "waiting until the first advantage was computed 5");
    }

    @Test
    void shouldLeadThroughTheStepOfTheCriticWhenPromptsWaitForIt() {
        StepTimeline timeline = synchronous(108, 120);

        assertThat(path(timeline)).startsWith("step 1 committed", "critic step 1 committed", "prompts released");
        assertThat(parts(timeline))
                .startsWith("training the critic 8", "waiting until the first prompt was released 2");
        assertThat(timeline.length()).isEqualTo(Duration.ofMillis(140));
    }

    @Test
    void shouldShowTheStepOfTheCriticBesideThePath() {
        StepTimeline timeline = synchronous(90, 120);

        assertThat(timeline.hops())
                .extracting(Hop::name)
                .contains("prompts scored", "critic step 2 started", "critic step 2 committed")
                .doesNotContain("critic step 1 committed");
        Hop trained = timeline.hops().stream()
                .filter(hop -> hop.name().equals("critic step 2 committed"))
                .findFirst()
                .orElseThrow();
        assertThat(trained.working()).isEqualTo(Duration.ofMillis(30));
        assertThat(timeline.isCritical(trained)).isFalse();
    }

    /** Steps at K = 1: the prompts of step 3 are released after step 1, while step 2 is trained. */
    private static StepTimeline overlapping(long secondDone, long thirdStarted) {
        return StepTimeline.of(
                3,
                List.of(
                        step(ModelKind.POLICY, 1, 0, 90, 95, 100),
                        step(ModelKind.CRITIC, 1, 0, 80, 85, 90),
                        step(ModelKind.POLICY, 2, 105, 150, 155, secondDone),
                        step(ModelKind.CRITIC, 2, 110, 130, 135, 140),
                        step(ModelKind.POLICY, 3, thirdStarted, 300, 310, 320)),
                List.of(sample(110, 120L, 150, 160, 170), sample(112, 120L, 152, 162, 172)),
                List.of(sample(0, 5L, 10, 12, 14)));
    }

    @Test
    void shouldBeginWithTheCommitTwoStepsBeforeWhenTheLearnerWaitsForSamples() {
        StepTimeline timeline = overlapping(160, 180);

        assertThat(path(timeline))
                .startsWith("step 1 committed", "prompts released")
                .doesNotContain("step 2 committed");
        assertThat(timeline.hops()).extracting(Hop::name).contains("step 2 committed");
        assertThat(timeline.length()).isEqualTo(Duration.ofMillis(220));
        assertThat(timeline.sinceStepBefore()).isEqualTo(Duration.ofMillis(160));
        assertThat(timeline.waitsForLearner()).isEmpty();
        // Only what passed while the learner was idle, from 160 to 180.
        assertThat(timeline.learnerWaitedFor())
                .isEqualTo(Map.of("reward-verifier", Duration.ofMillis(2), "advantage-stream", Duration.ofMillis(18)));
    }

    @Test
    void shouldBeginWithTheStepBeforeWhenSamplesWaitForTheLearner() {
        StepTimeline timeline = overlapping(200, 204);

        assertThat(path(timeline))
                .containsExactly(
                        "step 2 committed",
                        "step 3 started",
                        "policy updated",
                        "weights published",
                        "step 3 committed");
        assertThat(timeline.hops()).extracting(Hop::name).contains("step 1 committed", "prompts released");
        assertThat(timeline.waitsForLearner()).containsExactly(Duration.ofMillis(28), Duration.ofMillis(30));
        assertThat(timeline.sinceStepBefore()).isEqualTo(timeline.length()).isEqualTo(Duration.ofMillis(120));
    }

    @Test
    void shouldBeginWithTheResponsesOfTheStepBeforeWhenTheProducerIsBusyWithThem() {
        StepTimeline timeline = StepTimeline.of(
                3,
                List.of(
                        step(ModelKind.POLICY, 1, 0, 90, 95, 100),
                        step(ModelKind.POLICY, 2, 160, 170, 175, 180),
                        step(ModelKind.POLICY, 3, 220, 300, 310, 320)),
                List.of(sample(110, null, 200, 205, 210)),
                List.of(sample(0, null, 150, 152, 154)));

        assertThat(path(timeline)).startsWith("responses of step 2 sampled", "responses sampled", "responses judged");
        assertThat(parts(timeline)).startsWith("sampling the responses 50");
    }

    @Test
    void shouldBeginWithTheStepOfTheCriticThatScoringWaitsFor() {
        StepTimeline timeline = StepTimeline.of(
                3,
                List.of(
                        step(ModelKind.POLICY, 1, 0, 90, 95, 100),
                        step(ModelKind.CRITIC, 1, 0, 90, 95, 100),
                        step(ModelKind.POLICY, 2, 105, 120, 125, 130),
                        step(ModelKind.CRITIC, 2, 105, 200, 205, 210),
                        step(ModelKind.POLICY, 3, 250, 300, 310, 320)),
                List.of(sample(110, 230L, 120, 130, 240)),
                List.of());

        assertThat(path(timeline)).startsWith("critic step 2 committed", "prompts scored", "samples credited");
        assertThat(parts(timeline)).startsWith("training the critic 105", "scoring 20");
    }

    @Test
    void shouldBeginWithTheFirstHopThatIsKnown() {
        SampleTimes credited = new SampleTimes(null, null, false, null, null, at(10));
        SampleTimes later = new SampleTimes(null, null, false, null, null, at(30));
        StepTimes step = new StepTimes(ModelKind.POLICY, 1, at(35), at(50), at(60), null);

        StepTimeline timeline = StepTimeline.of(1, List.of(step), List.of(credited, later), List.of());

        assertThat(path(timeline))
                .containsExactly("samples credited", "step 1 started", "policy updated", "weights published");
        assertThat(timeline.length()).isEqualTo(Duration.ofMillis(50));
        assertThat(timeline.sinceStepBefore()).isNull();
        assertThat(timeline.bottleneck())
                .extracting(StepTimeline.Part::description)
                .isEqualTo("computing the advantages");
    }

    @Test
    void shouldTakeTheTimeOfACommitFromTheNextStep() {
        List<StepTimes> times = StepTimes.of(List.of(
                ledger(4, Map.of("seconds_publishing", 0.005)),
                ledger(5, Map.of("seconds_publishing", 0.005, "seconds_committing", 0.003))));

        assertThat(times.get(0).published()).isEqualTo(at(4_105));
        assertThat(times.get(0).committed()).isEqualTo(at(4_108));
        assertThat(times.get(1).committed()).isNull();
        assertThat(times.get(1).done()).isEqualTo(at(5_105));
    }

    private static TrainingStep ledger(int step, Map<String, Double> metrics) {
        return new TrainingStep(
                "policy",
                step,
                step - 1,
                step,
                "",
                "",
                List.of(),
                0L,
                List.of(),
                "",
                metrics,
                at(1000L * step),
                at(1000L * step + 100),
                Recovery.NONE,
                0L,
                List.of());
    }

    private static List<String> printed(StepTimeline timeline) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new StepTimelinePrinter("r", timeline, new PrintStream(out, true, UTF_8)).print();
        return new ArrayList<>(Arrays.asList(out.toString(UTF_8).split("\n", -1)));
    }

    @Test
    void shouldPrintATableAndTheBottleneck() {
        assertThat(printed(synchronous(90, 120)))
                .containsExactly(
                        "step 2 of the policy in run 'r': 3 samples; times in ms since 'step 1 committed'",
                        "",
                        "                            records     first    median      last   waiting   working",
                        "* step 1 committed                                            0.0",
                        "* prompts released                3      10.0      12.0      14.0      10.0       4.0",
                        "  prompts scored                  3      20.0      20.0      20.0                 6.0",
                        "* responses sampled               3      30.0      30.0      40.0                26.0",
                        "* responses judged                3      45.0      46.0      47.0       5.0       2.0",
                        "* samples credited                3      60.0      61.0      70.0      13.0      10.0",
                        "* step 2 started                                             80.0      10.0",
                        "  critic step 2 started                                      80.0      10.0",
                        "  critic step 2 committed                                   110.0                30.0",
                        "* policy updated                                            130.0                50.0",
                        "* weights published                                         136.0                 6.0",
                        "* step 2 committed                                          140.0                 4.0",
                        "",
                        "critical path (*)   140.0 ms from 'step 1 committed' to 'step 2 committed': 102.0 ms working,"
                                + " 38.0 ms waiting",
                        "bottleneck          updating the policy: 50.0 ms of 140.0 ms",
                        "");
    }

    @Test
    void shouldPrintHowLongSamplesWaitForTheStepBefore() {
        assertThat(printed(overlapping(200, 204)))
                .contains("overlap             the step ended 120.0 ms after step 2; 2 of its samples waited for that,"
                        + " median 30.0 ms, at most 30.0 ms");
        assertThat(printed(overlapping(160, 180)))
                .contains(
                        "overlap             the step ended 160.0 ms after step 2; none of its samples waited for that")
                .noneMatch(line -> line.contains("-0.0"));
    }
}
