package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelSettings;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CriticSamplesTest {
    private final Topic<TrainingSample> topic = new Topics("test", 1).advantages();
    private final List<TrainingSample> full = IntStream.range(0, 8)
            .mapToObj(i -> TestEvents.sample(i, 3, TestEvents.value(i, i), Instant.EPOCH))
            .toList();
    private final List<TrainingSample> slim = full.stream().map(this::slim).toList();

    private TrainingSample slim(TrainingSample sample) {
        return TestEvents.SERDES
                .without(Critic.UNUSED)
                .deserializer(topic)
                .deserialize(topic.name(), TestEvents.bytes(topic, sample));
    }

    @Test
    void shouldHoldSamplesWithoutTheirResponses() {
        assertThat(slim).extracting(TrainingSample::getRollout).allSatisfy(rollout -> {
            assertThat(rollout.getResponseTokens()).isEmpty();
            assertThat(rollout.getBehaviourLogProbs()).isEmpty();
            assertThat(rollout.getMessages()).hasSize(1);
        });
    }

    @Test
    void shouldTrainOnSlimSamplesAsOnFullOnes() {
        assertThat(train(slim)).isEqualTo(train(full));
    }

    private static Map<String, Double> train(List<TrainingSample> samples) {
        try (CriticModel model = CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
                TrainableCritic critic = new TrainableCritic(
                        model,
                        messages -> new int[] {Integer.parseInt(messages.get(0).getContent())},
                        new CriticUpdateSettings(CriticObjective.SPPO, new LearningRate(1e-2, 0), 2),
                        TestModels.ADAM,
                        TestModels.TRAINING)) {
            Map<String, Double> metrics = critic.train(1, samples);
            metrics.put("weights", (double) model.logits(List.of(new int[] {1, 2}))[0]);
            samples.forEach(sample -> metrics.merge("versions", (double) critic.versionOf(sample), Double::sum));
            return metrics;
        }
    }
}
