package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.learn.TestModels;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.ModelSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CriticUpdateTest {
    private final CriticModel critic = CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
    private final CriticTrainer trainer = new CriticTrainer(critic, TestModels.ADAM, TestModels.TRAINING);

    @AfterEach
    void close() {
        trainer.close();
        critic.close();
    }

    private CriticUpdate update(double rate, int miniBatches) {
        return new CriticUpdate(trainer, new CriticUpdateSettings(new LearningRate(rate, 0), miniBatches));
    }

    /** Prompts whose reward is 1 if their first token is odd, and whose value is 0.5. */
    private static List<CriticSample> samples(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<CriticSample> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = TestModels.tokens(random, 1 + i % 6);
            samples.add(new CriticSample("r-" + i + "/0", prompt, prompt[0] % 2, 0.5));
        }
        return samples;
    }

    private double meanLoss(List<CriticSample> samples) {
        float[] logits =
                critic.logits(samples.stream().map(CriticSample::prompt).toList());
        double loss = 0;
        for (int i = 0; i < logits.length; i++) {
            loss += ValueLoss.loss(logits[i], samples.get(i).reward()) / logits.length;
        }
        return loss;
    }

    @Test
    void shouldMeasureLogTwoWhenTheCriticIsFresh() {
        Map<String, Double> metrics = update(1e-2, 1).apply(1, samples(30, 1));

        assertThat(metrics.get("loss")).isCloseTo(Math.log(2), within(1e-12));
        assertThat(metrics.get("explained_variance")).isCloseTo(0, within(1e-12));
        assertThat(metrics.get("learning_rate")).isEqualTo(1e-2);
        assertThat(metrics.get("skipped_updates")).isZero();
    }

    @Test
    void shouldLearnThePromptsWhenItTrainsOnThemAgain() {
        List<CriticSample> samples = samples(30, 1);
        CriticUpdate update = update(1e-2, 2);
        for (int step = 1; step <= 60; step++) {
            update.apply(step, samples);
        }
        assertThat(meanLoss(samples)).isLessThan(0.2);
    }

    /** Each of 7 samples in mini-batches of 3, 2 and 2 counts for a seventh. */
    @Test
    void shouldMeasureTheMeanOverAllSamplesWhenMiniBatchesAreUneven() {
        CriticUpdate training = update(1e-2, 1);
        for (int step = 1; step <= 10; step++) {
            training.apply(step, samples(30, 1));
        }
        List<CriticSample> seven = samples(7, 2);
        double expected = meanLoss(seven);

        assertThat(expected).isNotCloseTo(Math.log(2), within(1e-2));
        assertThat(update(0, 3).apply(11, seven).get("loss")).isCloseTo(expected, within(1e-6));
        assertThat(update(0, 1).apply(11, seven).get("loss")).isCloseTo(expected, within(1e-6));
    }

    /** Explained variance is of the values that made the advantages, not of the critic in training. */
    @Test
    void shouldExplainByTheValuesOnTheLog() {
        List<CriticSample> exact = samples(30, 3).stream()
                .map(s -> new CriticSample(s.rolloutId(), s.prompt(), s.reward(), s.reward()))
                .toList();

        assertThat(update(1e-2, 2).apply(1, exact).get("explained_variance")).isEqualTo(1);
    }

    @Test
    void shouldTakeFewerStepsWhenThereAreFewerSamplesThanMiniBatches() {
        Map<String, Double> metrics = update(1e-2, 4).apply(1, samples(1, 4));

        assertThat(metrics.get("loss")).isCloseTo(Math.log(2), within(1e-12));
        assertThat(metrics.get("gradient_norm")).isPositive();
    }
}
