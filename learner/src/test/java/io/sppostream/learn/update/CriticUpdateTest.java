package io.sppostream.learn.update;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.TrainingRecipe.CriticLoss.Function;
import io.sppostream.learn.TestModels;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ScoredTokens;
import io.sppostream.model.TokenSequence;
import java.util.ArrayList;
import java.util.Arrays;
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
        return new CriticUpdate(
                trainer, new CriticUpdateSettings(CriticObjective.SPPO, new LearningRate(rate, 0), miniBatches));
    }

    /** Prompts whose reward is 1 if their first token is odd, and whose value is 0.5. */
    private static List<CriticSample> samples(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<CriticSample> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = TestModels.tokens(random, 1 + i % 6);
            samples.add(CriticSample.ofPrompt("r-" + i + "/0", prompt, prompt[0] % 2, 0.5));
        }
        return samples;
    }

    private double meanLoss(List<CriticSample> samples) {
        float[] logits = critic.logits(
                samples.stream().map(sample -> sample.tokens().tokens()).toList());
        double loss = 0;
        for (int i = 0; i < logits.length; i++) {
            loss += ValueLoss.loss(logits[i], samples.get(i).targets()[0]) / logits.length;
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
                .map(s -> CriticSample.ofPrompt(s.rolloutId(), s.tokens().tokens(), s.targets()[0], s.targets()[0]))
                .toList();

        assertThat(update(1e-2, 2).apply(1, exact).get("explained_variance")).isEqualTo(1);
    }

    @Test
    void shouldTakeFewerStepsWhenThereAreFewerSamplesThanMiniBatches() {
        Map<String, Double> metrics = update(1e-2, 4).apply(1, samples(1, 4));

        assertThat(metrics.get("loss")).isCloseTo(Math.log(2), within(1e-12));
        assertThat(metrics.get("gradient_norm")).isPositive();
    }

    /** Responses with advantages and recorded values as a log has them, and the last token without loss. */
    private static List<CriticSample> responses(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<CriticSample> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int tokens = 1 + i % 4;
            boolean[] trained = new boolean[tokens];
            Arrays.fill(trained, 0, Math.max(1, tokens - 1), true);
            samples.add(CriticSample.ofTokens(
                    new PolicySample(
                            "r-" + i + "/0",
                            "r-" + i,
                            new TokenSequence(TestModels.tokens(random, 1 + i % 3), TestModels.tokens(random, tokens)),
                            new float[tokens],
                            random.doubles(tokens, -1, 1).toArray(),
                            trained),
                    random.doubles(tokens).toArray()));
        }
        return samples;
    }

    private CriticUpdate tokenUpdate(double rate, int miniBatches, Function function, double clip) {
        return new CriticUpdate(
                trainer,
                new CriticUpdateSettings(
                        new CriticObjective(CriticKind.TOKEN, function, clip), new LearningRate(rate, 0), miniBatches));
    }

    /** The numbers are those of the first case of ppo in the golden file: lambda 0.95. */
    @Test
    void shouldTrainTokensTowardsTheReturnsOfTheRecordedValues() {
        CriticSample sample = CriticSample.ofTokens(
                new PolicySample(
                        "r/0",
                        "r",
                        new TokenSequence(new int[] {1, 2}, new int[] {3, 4}),
                        new float[2],
                        new double[] {0.670484162245, 0.46088188362},
                        new boolean[] {true, true}),
                new double[] {0.306471743574, 0.53911811638});

        assertThat(sample.targets()).containsExactly(new double[] {0.976955905819, 1}, within(1e-11));
        assertThat(sample.tokens().tokens()).containsExactly(1, 2, 3);
        assertThat(sample.tokens().values()).isEqualTo(2);
    }

    @Test
    void shouldMeasureTheMeanOverTheTokensThatCarryLoss() {
        List<CriticSample> samples = responses(9, 1);
        double loss = 0;
        int trained = 0;
        for (CriticSample sample : samples) {
            for (int t = 0; t < sample.targets().length; t++) {
                // A fresh critic says 0 everywhere.
                loss += sample.trained()[t] ? sample.targets()[t] * sample.targets()[t] / 2 : 0;
                trained += sample.trained()[t] ? 1 : 0;
            }
        }
        Map<String, Double> metrics =
                tokenUpdate(0, 2, Function.SQUARED_ERROR, 0).apply(1, samples);

        assertThat(trained)
                .isLessThan(samples.stream().mapToInt(s -> s.targets().length).sum());
        assertThat(metrics.get("loss")).isCloseTo(loss / trained, within(1e-12));
        assertThat(metrics).doesNotContainKey("value_clip_fraction");
    }

    @Test
    void shouldLearnTheReturnsWhenItTrainsOnThemAgain() {
        List<CriticSample> samples = responses(6, 3);
        CriticUpdate update = tokenUpdate(1e-2, 1, Function.SQUARED_ERROR, 0);
        double before = requireNonNull(update.apply(1, samples).get("loss"));
        double after = before;
        for (int step = 2; step <= 150; step++) {
            after = requireNonNull(update.apply(step, samples).get("loss"));
        }
        assertThat(after).isLessThan(before / 20);
    }

    /** A fresh critic says 0, which is as far from a recorded value of 2 as from one of 0.2 with a clip of 0.1. */
    @Test
    void shouldCountTheValuesThatAreClipped() {
        CriticSample near = sample(0.05, 0.5);
        CriticSample towards = sample(2, -0.5);
        CriticUpdate update = tokenUpdate(0, 1, Function.SQUARED_ERROR, 0.1);

        assertThat(update.apply(1, List.of(near)).get("value_clip_fraction")).isZero();
        Map<String, Double> metrics = update.apply(1, List.of(towards));
        assertThat(metrics.get("value_clip_fraction")).isEqualTo(1);
        // max((0 + 0.5)^2, (1.9 + 0.5)^2) / 2
        assertThat(metrics.get("loss")).isCloseTo(2.4 * 2.4 / 2, within(1e-12));
        assertThat(metrics.get("gradient_norm")).isZero();
    }

    private static CriticSample sample(double value, double target) {
        return new CriticSample(
                "r/0",
                new ScoredTokens(new int[] {1, 2}, 1),
                new double[] {target},
                new double[] {value},
                new boolean[] {true});
    }
}
