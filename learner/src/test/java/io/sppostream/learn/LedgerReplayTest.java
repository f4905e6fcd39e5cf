package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.events.TrainingStep;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class LedgerReplayTest {
    private final LearnedModel learned = new LearnedModel(4);
    private final List<TrainingStep> ledger = learned.ledger();

    private LedgerReplay replay(TrainableModel model) {
        return new LedgerReplay(
                new RunLog(learned.kafka, TestEvents.SERDES, learned.topics), model, EdgeReplay.NONE, null);
    }

    private static String requestIdOf(TrainingStep step, int place) {
        return step.getSamples().get(place).getRolloutId().replace("/0", "");
    }

    private void put(TrainingStep step, int place, int index) {
        learned.log.replace(
                LearnedModel.at(learned.topics.advantages()),
                step.getSamples().get(place).getOffset(),
                TestEvents.bytes(
                        learned.topics.advantages(),
                        TestEvents.sample(index, 0, TestEvents.value(index, 0), Instant.EPOCH)));
    }

    @Test
    void shouldMakeTheWeightsOfTheLedgerWhenNothingChanged() {
        try (TrainableModel model = LearnedModel.start();
                LedgerReplay replay = replay(model)) {
            assertThat(ledger).hasSize(4);
            for (TrainingStep step : ledger) {
                assertThat(replay.rerun(step)).isEqualTo(step.getToSha256());
            }
        }
    }

    @Test
    void shouldContinueFromAStepWhenTheModelHasItsVersion() {
        try (TrainableModel model = LearnedModel.start()) {
            try (LedgerReplay first = replay(model)) {
                first.rerun(ledger.get(0));
                first.rerun(ledger.get(1));
            }
            try (LedgerReplay rest = new LedgerReplay(
                    new RunLog(learned.kafka, TestEvents.SERDES, learned.topics),
                    model,
                    EdgeReplay.NONE,
                    ledger.get(1))) {
                assertThat(rest.rerun(ledger.get(2))).isEqualTo(ledger.get(2).getToSha256());
                assertThat(rest.rerun(ledger.get(3))).isEqualTo(ledger.get(3).getToSha256());
            }
        }
    }

    @Test
    void shouldSkipSamplesWhenTheStepDidNotTrainOnThem() {
        try (TrainableModel all = LearnedModel.start();
                TrainableModel some = LearnedModel.start();
                LedgerReplay replay = replay(some)) {
            TrainingStep third = ledger.get(2);
            all.train(
                    3,
                    third.getFromSha256(),
                    third.getSamples().stream()
                            .map(each ->
                                    learned.events(learned.topics.advantages()).get((int) each.getOffset()))
                            .toList());
            assertThat(replay.rerun(third)).isEqualTo(all.sha256());
        }
    }

    @Test
    void shouldMakeOtherWeightsWhenStepsAreLeftOut() {
        try (TrainableModel model = LearnedModel.start();
                LedgerReplay replay = replay(model)) {
            assertThat(replay.rerun(ledger.get(1))).isNotEqualTo(ledger.get(1).getToSha256());
        }
    }

    @Test
    void shouldSayWhereWhenTheTopicHasAnotherSample() {
        TrainingStep second = ledger.get(1);
        put(second, 1, 77);
        try (TrainableModel model = LearnedModel.start();
                LedgerReplay replay = replay(model)) {
            replay.rerun(ledger.get(0));
            assertThatThrownBy(() -> replay.rerun(second))
                    .isInstanceOf(LogException.class)
                    .hasMessage(
                            "step 2 of the policy can't be trained again: the ledger has its sample %s/0 at offset %d"
                                    + " of test.advantages.v1-0, the topic has r-77/0 there",
                            requestIdOf(second, 1), second.getSamples().get(1).getOffset());
        }
    }

    @Test
    void shouldSayWhereWhenTheTopicHasNoSample() {
        TrainingStep first = ledger.get(0);
        learned.log.replace(
                LearnedModel.at(learned.topics.advantages()),
                first.getSamples().get(0).getOffset(),
                new byte[] {1, 2, 3});
        try (TrainableModel model = LearnedModel.start();
                LedgerReplay replay = replay(model)) {
            assertThatThrownBy(() -> replay.rerun(first))
                    .isInstanceOf(LogException.class)
                    .hasMessageContaining("step 1 of the policy can't be trained again: the ledger has its sample "
                            + requestIdOf(first, 0) + "/0")
                    .hasMessageContaining("the topic has nothing there");
        }
    }
}
