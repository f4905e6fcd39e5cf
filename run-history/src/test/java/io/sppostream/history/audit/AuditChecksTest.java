package io.sppostream.history.audit;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.OptimizerState;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.Recovery;
import io.sppostream.events.ReplayOf;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.log.EventRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each fault of a log and the finding that names it. */
class AuditChecksTest {
    /** Index of the policy's second step in the ledger, in which policy and critic alternate. */
    private static final int SECOND = 2;

    @Test
    void shouldBeCleanWhenEverythingAddsUp() {
        AuditReport report = new SmallLog().audit();

        assertThat(report.clean()).as(report.first().toString()).isTrue();
        assertThat(summary(report, "requests")).isEqualTo("6 rollouts asked for: 6 trained, 0 expired, 0 pending");
    }

    @Test
    void shouldAcceptASampleThatWasRefusedAndTrainedWhenItCameAgain() {
        SmallLog log = new SmallLog();
        EventRecord<TrainingSample> refused = log.samples.get(5);
        log.samples.add(new EventRecord<>(refused.topic(), 0, 6, refused.key(), refused.event(), true));
        EventRecord<TrainingStep> last = log.ledger.get(4);
        TrainingStep third = last.event();
        assertThat(third.getLine()).isEqualTo("policy");
        log.ledger.set(
                4,
                new EventRecord<>(
                        last.topic(),
                        0,
                        last.offset(),
                        last.key(),
                        TrainingStep.newBuilder(third)
                                .setSamples(List.of(third.getSamples().get(0), new TrainedSample("r5/0", 0, 6L, 0)))
                                .setConsumed(List.of(new ConsumedOffset(0, 7L)))
                                .build()));
        log.committed.replaceAll((kind, offset) -> 7L);
        AuditReport report = log.audit();

        assertThat(report.clean()).as(report.first().toString()).isTrue();
        assertThat(summary(report, "samples")).isEqualTo("6 on advantages");
    }

    @Test
    void shouldCountUnsettledRolloutsAsPending() {
        SmallLog log = new SmallLog();
        log.request("waiting", 3);
        log.rollouts.remove(log.rollouts.size() - 1);
        log.verdicts.remove(log.verdicts.size() - 1);
        log.request("judged", 3);
        log.request("estimated", 3);
        log.sample("estimated", 3);
        log.request("late", 3);
        log.expire("late");
        AuditReport report = log.audit();

        assertThat(report.clean()).as(report.first().toString()).isTrue();
        assertThat(summary(report, "requests"))
                .isEqualTo("10 rollouts asked for: 6 trained, 1 expired, 3 pending"
                        + " (1 unanswered, 1 without an advantage, 1 to be trained)");
    }

    @Test
    void shouldSettleTheRolloutsOfARequestThatExpired() {
        SmallLog log = new SmallLog();
        log.request("late", 3);
        SmallLog.add(
                SmallLog.TOPICS.expired(),
                log.expired,
                new Expired(
                        "late", null, ExpiryReason.NO_ROLLOUT_IN_TIME, "late", "advantage-stream", Instant.EPOCH, 0));

        assertThat(summary(log.audit(), "requests")).isEqualTo("7 rollouts asked for: 6 trained, 1 expired, 0 pending");
    }

    @Test
    void shouldCountRolloutsOfFollowUps() {
        SmallLog log = new SmallLog();
        String id = "r1~0123456789abcdef";
        SmallLog.add(
                SmallLog.TOPICS.prompts(),
                log.prompts,
                Prompt.newBuilder(log.prompts.get(1).event())
                        .setSamples(3)
                        .setFollowUp(new FollowUpRequest(id, RequestPurpose.PREFIX_VALUE, null, List.of()))
                        .build());
        for (int sample = 0; sample < 2; sample++) {
            SmallLog.add(
                    SmallLog.TOPICS.expired(),
                    log.expired,
                    new Expired(
                            "r1", id + "/" + sample, ExpiryReason.EVIDENCE, "", "advantage-stream", Instant.EPOCH, 1));
        }

        AuditReport report = log.audit();
        assertThat(report.clean()).as(report.first().toString()).isTrue();
        assertThat(summary(report, "requests"))
                .isEqualTo("9 rollouts asked for: 6 trained, 2 evidence, 0 expired, 1 pending"
                        + " (1 unanswered, 0 without an advantage, 0 to be trained)");
    }

    @Test
    void shouldIgnoreVerdictsOfUnknownRollouts() {
        SmallLog log = new SmallLog();
        SmallLog.add(SmallLog.TOPICS.verdicts(), log.verdicts, SmallLog.verdict("of-nobody"));
        AuditReport report = log.audit();

        assertThat(report.first()).isEmpty();
        assertThat(summary(report, "requests")).startsWith("6 rollouts asked for");
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                fault("requests", "no prompt asks for rollout r2/0", log -> log.prompts.remove(2)),
                fault("requests", "rollout r3/0 is trained and expired", log -> log.expire("r3")),
                fault("samples", "rollout r1/0 has a training sample already", log -> log.sample("r1", 0)),
                fault(
                        "samples",
                        "its advantages are not those of its reward and value",
                        log -> sample(
                                log, 4, sample -> sample.setSegments(List.of(new AdvantageSegment(2, 0.25, true))))),
                fault(
                        "samples",
                        "its reward is not that of its rollout's verdicts",
                        log -> sample(log, 4, sample -> {
                            sample.setReward(0.5);
                            sample.setSegments(List.of(new AdvantageSegment(2, 0.0, true)));
                        })),
                fault("samples", "policy version 2 was not published as policy-9", log -> {
                    for (int i = 4; i < 6; i++) {
                        sample(
                                log,
                                i,
                                sample -> sample.setRollout(Rollout.newBuilder(sample.getRollout())
                                        .setPolicySegments(List.of(new PolicySegment(2, 2, "policy-9")))
                                        .build()));
                    }
                }),
                fault(
                        "samples",
                        "critic version 2 is critic-9 here and critic-2 elsewhere",
                        log -> sample(
                                log,
                                5,
                                sample -> sample.setValue(Value.newBuilder(requireNonNull(sample.getValue()))
                                        .setCriticSha256("critic-9")
                                        .build()))),
                fault(
                        "joins",
                        "the sample of rollout r3/0 holds a record that is not on small.rollouts.v1, which has 1 for it",
                        log -> replace(
                                log.rollouts,
                                3,
                                Rollout.newBuilder(log.rollouts.get(3).event())
                                        .setText("3")
                                        .build())),
                fault(
                        "joins",
                        "the sample of rollout r3/0 holds a record that is not on small.verdicts.v1, which has 1 for it",
                        log -> replace(
                                log.verdicts,
                                3,
                                Verdict.newBuilder(log.verdicts.get(3).event())
                                        .setRule("other")
                                        .build())),
                fault(
                        "joins",
                        "the sample of rollout r3/0 holds a record that is not on small.values.v1, which has none for it",
                        log -> log.values.remove(3)),
                fault("ledger", "policy step 2 is expected, step 3 is there", log -> log.ledger.remove(SECOND)),
                fault(
                        "ledger",
                        "policy step 4 is expected, step 2 is there",
                        log -> SmallLog.add(
                                SmallLog.TOPICS.trainingSteps(), log.ledger, SmallLog.step(ModelKind.POLICY, 2))),
                fault("ledger", "goes from version 1 to 3, not from 1 to 2", log -> step(log, s -> s.setToVersion(3))),
                fault(
                        "ledger",
                        "starts from weights policy-7, where version 1 is policy-1",
                        log -> step(log, step -> step.setFromSha256("policy-7"))),
                fault(
                        "ledger",
                        "a configuration that is not on small.runs.v1",
                        log -> step(log, step -> step.setConfigurationSha256("other"))),
                fault(
                        "ledger",
                        "counts 5 samples trained, the steps have 4",
                        log -> step(log, step -> step.setSamplesTrained(5L))),
                fault(
                        "training",
                        "rollout r0/0 is trained a second time by the policy, after step 1",
                        log -> step(
                                log,
                                step -> step.setSamples(List.of(
                                        new TrainedSample("r0/0", 0, 0L, 1),
                                        step.getSamples().get(1))))),
                fault(
                        "training",
                        "rollout r2/0 is said to be at small.advantages.v1-0@3, where rollout r3/0 is",
                        log -> trained(log, first -> first.setOffset(3L))),
                fault(
                        "training",
                        "r2/0 is said to be at small.advantages.v1-0@77, where there is no sample",
                        log -> trained(log, first -> first.setOffset(77L))),
                fault(
                        "training",
                        "rollout r2/0 of policy version 1 has lag 1 at version 1",
                        log -> trained(log, first -> first.setPolicyLag(1))),
                fault(
                        "offsets",
                        "trains small.advantages.v1-0@3 and will consume it again: its next offset is 3",
                        log -> step(log, step -> step.setConsumed(List.of(new ConsumedOffset(0, 3L))))),
                fault(
                        "offsets",
                        "the policy has consumed small.advantages.v1-0@5 without training rollout r4/0 at"
                                + " small.advantages.v1-0@4",
                        log -> step(log, step -> step.setConsumed(List.of(new ConsumedOffset(0, 5L))))),
                fault(
                        "offsets",
                        "the critic has consumed small.advantages.v1-0@7 without training rollout more/0",
                        log -> {
                            log.request("more", 3);
                            log.sample("more", 3);
                            log.committed.put(ModelKind.CRITIC, 7L);
                        }),
                fault(
                        "versions",
                        "critic version 3 is not published",
                        log -> requireNonNull(log.versions.get(ModelKind.CRITIC))
                                .remove(3)),
                fault(
                        "versions",
                        "no step of the ledger made policy version 4",
                        log -> log.publish(ModelKind.POLICY, 4)),
                fault("versions", "policy version 2 is published twice", log -> log.publish(ModelKind.POLICY, 2)),
                fault(
                        "versions",
                        "policy version 2 is other of step 2 here, and policy-2 of step 2 in the ledger",
                        log -> {
                            var published = requireNonNull(log.versions.get(ModelKind.POLICY));
                            replace(
                                    published,
                                    2,
                                    WeightsManifest.newBuilder(published.get(2).event())
                                            .setSha256("other")
                                            .build());
                        }));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("faults")
    void shouldNameWhatIsWrong(String check, String what, Consumer<SmallLog> fault) {
        SmallLog log = new SmallLog();
        fault.accept(log);
        AuditReport report = log.audit();

        assertThat(report.clean()).isFalse();
        assertThat(report.results().stream()
                        .filter(result -> result.name().equals(check))
                        .map(result -> String.valueOf(result.first())))
                .singleElement()
                .asString()
                .contains(what);
    }

    @Test
    void shouldTakeTheSettingsOfAVerdictInAnyOrder() {
        SmallLog log = new SmallLog();
        for (int i = 0; i < log.verdicts.size(); i++) {
            Verdict verdict = log.verdicts.get(i).event();
            Map<String, String> turned = new LinkedHashMap<>();
            verdict.getSettings().keySet().stream()
                    .sorted(Comparator.reverseOrder())
                    .forEach(name -> turned.put(
                            name, requireNonNull(verdict.getSettings().get(name))));
            Verdict same = new Verdict(
                    verdict.getRolloutId(),
                    verdict.getRequestId(),
                    verdict.getVerifier(),
                    verdict.getVerifierVersion(),
                    verdict.getStatus(),
                    verdict.getReward(),
                    verdict.getExtracted(),
                    verdict.getRule(),
                    verdict.getJudgedAt(),
                    turned,
                    verdict.getShadow());
            replace(log.verdicts, i, same);
        }

        assertThat(log.audit().first()).isEmpty();
    }

    @Test
    void shouldAcceptASampleWhoseRecordsItsTopicsMayHaveDeleted() {
        SmallLog log = new SmallLog();
        log.verdicts.remove(0);
        log.values.remove(1);

        assertThat(log.audit(Lineage.ofRun(SmallLog.TOPICS), Set.of()).first()).isEmpty();
        assertThat(log.audit().clean()).isFalse();
    }

    @Test
    void shouldCompareTheVersionsOfAReplaysSamplesWithThoseOfItsSource() {
        SmallLog log = new SmallLog();
        // The replay has trained other weights than those that sampled, and has no critic.
        log.ledger.removeIf(step -> step.event().getLine().equals(ModelKind.CRITIC.id()));
        requireNonNull(log.versions.get(ModelKind.CRITIC)).clear();
        log.committed.remove(ModelKind.CRITIC);
        for (int i = 0; i < SmallLog.BATCH * SmallLog.STEPS; i++) {
            Rollout sampled = Rollout.newBuilder(log.rollouts.get(i).event())
                    .setPolicySegments(List.of(new PolicySegment(2, 7, "of-the-source-7")))
                    .build();
            replace(log.rollouts, i, sampled);
            sample(log, i, sample -> sample.setRollout(sampled));
        }
        for (int i = 0; i < log.ledger.size(); i++) {
            TrainingStep.Builder step =
                    TrainingStep.newBuilder(log.ledger.get(i).event());
            step.setSamples(step.getSamples().stream()
                    .map(sample -> TrainedSample.newBuilder(sample)
                            .setPolicyLag(step.getFromVersion() - 7)
                            .build())
                    .toList());
            replace(log.ledger, i, step.build());
        }
        ReplayOf replay = new ReplayOf("gone", false, false, true, null, null, null, null);
        AuditReport report = log.audit(new Lineage(replay, true, 1, Map.of()), SmallLog.COMPLETE);

        assertThat(report.first()).isEmpty();
        assertThat(summary(report, "requests")).isEqualTo("6 rollouts asked for: 6 trained, 0 expired, 0 pending");
        assertThat(summary(report, "offsets")).isEqualTo("consumed by policy");
        assertThat(log.audit().clean()).as("of a run").isFalse();
        // If the source still exists, its versions are compared.
        assertThat(log.audit(
                                new Lineage(replay, true, 1, Map.of(ModelKind.POLICY, new Topics("source", 1))),
                                SmallLog.COMPLETE)
                        .first())
                .hasValueSatisfying(
                        first -> assertThat(first.what()).startsWith("policy version 7 was not published as"));
    }

    @Test
    void shouldSettleARolloutWithItsAdvantagesWhenAReplayTrainsNothing() {
        SmallLog log = new SmallLog();
        log.ledger.clear();
        log.versions.values().forEach(List::clear);
        log.committed.clear();
        ReplayOf replay = new ReplayOf("gone", false, false, false, null, null, null, null);
        AuditReport report = log.audit(new Lineage(replay, true, 1, Map.of()), SmallLog.COMPLETE);

        assertThat(report.first()).isEmpty();
        assertThat(summary(report, "requests"))
                .isEqualTo("6 rollouts asked for: 6 with their advantages, 0 expired, 0 pending");
    }

    @Test
    void shouldNeitherExpectOffsetsNorTheLastStepOfAReplaysCritic() {
        SmallLog log = new SmallLog();
        log.ledger.remove(log.ledger.size() - 1);
        for (int i = 0; i < log.ledger.size(); i++) {
            if (log.ledger.get(i).event().getLine().equals(ModelKind.CRITIC.id())) {
                replace(
                        log.ledger,
                        i,
                        TrainingStep.newBuilder(log.ledger.get(i).event())
                                .setConsumed(List.of())
                                .build());
            }
        }
        log.committed.remove(ModelKind.CRITIC);
        ReplayOf replay = new ReplayOf("gone", false, true, true, null, null, null, null);

        assertThat(log.audit(new Lineage(replay, true, 1, Map.of(ModelKind.CRITIC, SmallLog.TOPICS)), SmallLog.COMPLETE)
                        .first())
                .isEmpty();
        assertThat(log.audit().clean()).as("of a run").isFalse();
    }

    @Test
    void shouldNameTheFindingOfTheEarliestStepFirst() {
        SmallLog log = new SmallLog();
        log.publish(ModelKind.CRITIC, 3);
        step(log, step -> step.setFromSha256("other"));
        log.prompts.remove(5);

        assertThat(log.audit().first())
                .hasValueSatisfying(first -> assertThat(first.toString())
                        .isEqualTo(
                                "small.training-steps.v1-0@2: starts from weights other, where version 1 is policy-1"));
    }

    @Test
    void shouldBeCleanWhenPolicyAndCriticCommitInAnotherOrder() {
        SmallLog log = new SmallLog();
        List<?> before = new ArrayList<>(log.ledger);
        Collections.swap(log.ledger, 0, 1);
        assertThat(log.ledger).isNotEqualTo(before);

        assertThat(log.audit().clean()).isTrue();
    }

    @Test
    void shouldReportStepsAfterARecoveryAsInformation() {
        SmallLog log = new SmallLog();
        step(log, step -> step.setRecovered(Recovery.RESTORED));

        AuditReport report = log.audit();
        assertThat(report.clean()).as(report.first().toString()).isTrue();
        assertThat(summary(report, "ledger"))
                .contains("policy 3 steps (1 after a recovery that restored weights from the log), critic 3 steps");
    }

    @Test
    void shouldAcceptTheSnapshotOfALearnerThatStops() {
        SmallLog log = new SmallLog();
        log.publish(ModelKind.POLICY, 3);
        List<EventRecord<WeightsManifest>> published = requireNonNull(log.versions.get(ModelKind.POLICY));
        replace(
                published,
                4,
                WeightsManifest.newBuilder(published.get(4).event())
                        .setOptimizer(new OptimizerState("optimizer", 8L, 1, 1L))
                        .build());

        AuditReport report = log.audit();
        assertThat(report.clean()).as(report.first().toString()).isTrue();
        assertThat(summary(report, "versions")).isEqualTo("policy 4, critic 4");
    }

    private static Arguments fault(String check, String what, Consumer<SmallLog> fault) {
        return Arguments.of(check, what, fault);
    }

    private static void step(SmallLog log, Consumer<TrainingStep.Builder> change) {
        TrainingStep.Builder step =
                TrainingStep.newBuilder(log.ledger.get(SECOND).event());
        change.accept(step);
        replace(log.ledger, SECOND, step.build());
    }

    private static void sample(SmallLog log, int index, Consumer<TrainingSample.Builder> change) {
        TrainingSample.Builder sample =
                TrainingSample.newBuilder(log.samples.get(index).event());
        change.accept(sample);
        replace(log.samples, index, sample.build());
    }

    private static void trained(SmallLog log, Consumer<TrainedSample.Builder> change) {
        step(log, step -> {
            TrainedSample.Builder first =
                    TrainedSample.newBuilder(step.getSamples().get(0));
            change.accept(first);
            step.setSamples(List.of(first.build(), step.getSamples().get(1)));
        });
    }

    private static <V extends SpecificRecord> void replace(List<EventRecord<V>> records, int index, V event) {
        EventRecord<V> old = records.get(index);
        records.set(index, new EventRecord<>(old.topic(), old.partition(), old.offset(), old.key(), event));
    }

    private static String summary(AuditReport report, String check) {
        return report.results().stream()
                .filter(result -> result.name().equals(check))
                .findFirst()
                .orElseThrow()
                .summary();
    }
}
