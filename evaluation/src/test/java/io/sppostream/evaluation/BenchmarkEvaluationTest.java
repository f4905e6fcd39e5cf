package io.sppostream.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.FinishReason;
import io.sppostream.feed.data.Problem;
import io.sppostream.model.SamplingParameters;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Refusal;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import io.sppostream.verify.AttemptPolicy;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.MathVerifier;
import io.sppostream.verify.math.GradingProfile;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.ObjIntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkEvaluationTest {
    private static final Benchmark SUMS = new Benchmark(
            "sums",
            "sums.jsonl",
            List.of(
                    Problem.asked("0", "1+1?", "2"),
                    Problem.asked("1", "1+2?", "3"),
                    Problem.asked("2", "a question that is too long", "4"),
                    Problem.asked("3", "1+4?", "\\frac{1}{2")),
            List.of());
    private static final EvaluationSettings FOUR_SAMPLES =
            new EvaluationSettings(4, 1, new SamplingParameters(1, 1, 0, 16));

    @TempDir
    private Path directory = Path.of("");

    /** Answers 1, 2 or 3 by the seed alone. */
    private static final class BySeed implements ResponseSource {
        private final int most;
        private final List<String> asked = new ArrayList<>();

        /** @param most responses before it is cancelled */
        BySeed(int most) {
            this.most = most;
        }

        @Override
        public String name() {
            return "by-seed";
        }

        @Override
        public SortedMap<String, String> identity() {
            return new TreeMap<>();
        }

        @Override
        public void sample(
                List<Request> requests, BooleanSupplier cancelled, ObjIntConsumer<GenerationResult> onResult) {
            // The last request first: the order must not matter.
            for (int i = requests.size() - 1; i >= 0; i--) {
                if (asked.size() == most) {
                    throw new CancellationException();
                }
                Request request = requests.get(i);
                asked.add(request.rolloutId());
                onResult.accept(
                        request.prompt().getPromptId().equals("2") ? new Refusal("too long") : response(request), i);
            }
        }

        private static Response response(Request request) {
            String text = "\\boxed{" + (1 + Math.floorMod(request.seed(), 3L)) + "}";
            return new Response(
                    new int[] {1},
                    new int[3],
                    text,
                    null,
                    new float[3],
                    List.of(),
                    FinishReason.STOP,
                    false,
                    false,
                    null);
        }

        @Override
        public void close() {}
    }

    private static AnswerJudge judge() {
        return new AnswerJudge(ConfiguredVerifier.inProcess(
                "math",
                new MathVerifier(GradingProfile.MATH),
                Map.of(),
                new AttemptPolicy(1, 1, 1, Duration.ZERO, Duration.ofSeconds(1), Duration.ofSeconds(1))));
    }

    private BenchmarkScore run(EvaluationSettings settings, BySeed source, String file) throws InterruptedException {
        EvaluationProgress silent = new EvaluationProgress(new PrintStream(OutputStream.nullOutputStream()), () -> 0);
        try (SampleFile samples = SampleFile.open(directory.resolve(file));
                AnswerJudge judge = judge()) {
            return new BenchmarkEvaluation(SUMS, settings, judge).run(source, samples, silent, () -> false);
        }
    }

    @Test
    void shouldScoreRefusalsAsWrongAndLeaveOutWhatCannotBeJudged() throws InterruptedException {
        BenchmarkScore score = run(FOUR_SAMPLES, new BySeed(16), "whole");

        assertThat(score.problems()).isEqualTo(3);
        assertThat(score.notJudged()).isEqualTo(1);
        assertThat(score.metrics()).containsOnlyKeys("avg@4", "maj@4", "pass@1", "pass@2", "pass@4");
        assertThat(score.metric("pass@1").value())
                .isEqualTo(score.metric("avg@4").value());
        assertThat(score.metric("pass@4").value()).isBetween(0.0, 2 / 3.0);
    }

    @Test
    void shouldEndWithTheSameScoresWhereverItWasInterrupted() throws InterruptedException, IOException {
        BenchmarkScore whole = run(FOUR_SAMPLES, new BySeed(16), "whole");

        for (int before = 0; before < 16; before++) {
            String file = "interrupted-" + before;
            BySeed first = new BySeed(before);
            assertThatThrownBy(() -> run(FOUR_SAMPLES, first, file)).isInstanceOf(CancellationException.class);
            Path samples = directory.resolve(file);
            byte[] written = Files.readAllBytes(samples);
            int torn = written.length / 3; // As if a kill had cut the last line.
            Files.write(samples, Arrays.copyOf(written, written.length - torn));

            BySeed second = new BySeed(16);
            assertThat(run(FOUR_SAMPLES, second, file)).isEqualTo(whole);
            assertThat(second.asked).hasSizeGreaterThanOrEqualTo(16 - before);
            BySeed third = new BySeed(0);
            assertThat(run(FOUR_SAMPLES, third, file)).isEqualTo(whole);
        }
    }

    @Test
    void shouldKeepTheSamplesWhenMoreAreAskedFor() throws InterruptedException {
        run(new EvaluationSettings(1, 1, FOUR_SAMPLES.sampling()), new BySeed(4), "grown");
        BySeed rest = new BySeed(12);

        assertThat(run(FOUR_SAMPLES, rest, "grown")).isEqualTo(run(FOUR_SAMPLES, new BySeed(16), "whole"));
        assertThat(rest.asked).hasSize(12);
    }
}
