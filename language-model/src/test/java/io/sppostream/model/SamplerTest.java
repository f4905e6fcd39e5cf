package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {

    private static final Set<Integer> END = Set.of(3, 5);
    private static final SamplingParameters PARAMETERS = new SamplingParameters(0.8, 1, 0, 24);

    @SuppressWarnings("NullAway.Init")
    private static PolicyModel policy;

    @TempDir
    private Path directory = Path.of("");

    @BeforeAll
    static void open() {
        policy = PolicyModel.random(TestModels.POLICY, 7, ModelSettings.cpu());
    }

    @AfterAll
    static void close() {
        policy.close();
    }

    /** Prompts of 1 to {@code longest} tokens. */
    private static List<SampleRequest> requests(int count, int longest, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<SampleRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = TestModels.tokens(random, random.nextInt(1, longest + 1), policy.config());
            requests.add(new SampleRequest(prompt, random.nextLong()));
        }
        return requests;
    }

    private static void assertSame(Completion actual, Completion expected) {
        assertThat(actual.tokens()).isEqualTo(expected.tokens());
        // Bits, not values within a tolerance.
        assertThat(actual.logProbs()).isEqualTo(expected.logProbs());
        assertThat(actual.finishReason()).isEqualTo(expected.finishReason());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 16, 61})
    void shouldGiveTheSameBitsWhateverTheBatch(int size) {
        Sampler sampler = new Sampler(policy, END);
        List<SampleRequest> requests = requests(61, 9, 1);
        List<Completion> together = sampler.sample(requests, PARAMETERS);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(size));
        for (int from = 0; from < order.size(); from += size) {
            List<Integer> some = order.subList(from, Math.min(from + size, order.size()));
            List<Completion> apart =
                    sampler.sample(some.stream().map(requests::get).toList(), PARAMETERS);
            for (int i = 0; i < some.size(); i++) {
                assertSame(apart.get(i), together.get(some.get(i)));
            }
        }
    }

    @Test
    void shouldGiveTheSameBitsInALargeBatchOfEqualPrompts() {
        Sampler sampler = new Sampler(policy, END);
        SplittableRandom random = new SplittableRandom(1);
        List<SampleRequest> requests = new ArrayList<>();
        for (int i = 0; i < 700; i++) {
            requests.add(new SampleRequest(TestModels.tokens(random, 6, policy.config()), i));
        }
        List<Completion> together = sampler.sample(requests, PARAMETERS);
        for (int i = 0; i < requests.size(); i += 97) {
            assertSame(sampler.sample(requests.subList(i, i + 1), PARAMETERS).get(0), together.get(i));
        }
    }

    /** A policy for sampling holds its matrices in bfloat16 only, whatever the file's precision. */
    @ParameterizedTest
    @EnumSource(
            value = ModelSettings.Precision.class,
            names = {"FLOAT32", "BFLOAT16"})
    void shouldSampleTheSameBitsWhenWeightsAreHeldInBfloat16(ModelSettings.Precision stored) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(Path.of("src/test/resources/golden/qwen2-tiny"));
        ModelSettings settings = new ModelSettings("cpu", ModelSettings.Precision.BFLOAT16);
        try (PolicyModel full = PolicyModel.load(checkpoint, settings);
                PolicyModel halved = PolicyModel.forSampling(checkpoint, settings);
                PolicyModel other = PolicyModel.random(checkpoint.config(), 3, settings)) {
            List<SampleRequest> requests = requests(40, 9, 1);
            List<Completion> ofFile = new Sampler(full, END).sample(requests, PARAMETERS);
            assertThat(new Sampler(halved, END).sample(requests, PARAMETERS))
                    .usingRecursiveComparison()
                    .isEqualTo(ofFile);

            ByteArrayOutputStream version = new ByteArrayOutputStream();
            other.writeWeights(Channels.newChannel(version), stored);
            for (PolicyModel policy : List.of(full, halved)) {
                policy.readWeights(Channels.newChannel(new ByteArrayInputStream(version.toByteArray())));
            }
            List<Completion> ofVersion = new Sampler(full, END).sample(requests, PARAMETERS);
            assertThat(new Sampler(halved, END).sample(requests, PARAMETERS))
                    .usingRecursiveComparison()
                    .isEqualTo(ofVersion)
                    .isNotEqualTo(ofFile);
        }
    }

    /** Weights of a large model are packed. */
    @ParameterizedTest
    @CsvSource({"FLOAT32, true", "FLOAT32, false", "BFLOAT16, true"})
    void shouldSampleWithPackedWeights(ModelSettings.Precision precision, boolean tied) throws IOException {
        ModelConfig config = new ModelConfig(21_000, 256, 12, 4, 2, 1024, 128, tied, 1e-6, 10_000);
        ModelSettings settings = new ModelSettings("cpu", precision);
        assertThat(WeightForm.ofSampled(config, settings)).isEqualTo(WeightForm.PACKED);
        try (PolicyModel trained = PolicyModel.random(config, 3, settings);
                PolicyModel start = PolicyModel.random(config, 4, settings)) {
            start.save(directory, Checkpoint.open(Path.of("src/test/resources/golden/qwen2-tiny")));
            Checkpoint checkpoint = Checkpoint.open(directory);
            try (PolicyModel packed = PolicyModel.forSampling(checkpoint, settings)) {
                assertSamplesAsOf(start, packed, precision);
                packed.readWeights(TestModels.channel(TestModels.bytes(trained::writeWeights)));
                assertSamplesAsOf(trained, packed, precision);
                assertThatThrownBy(() -> packed.writeWeights(Channels.newChannel(new ByteArrayOutputStream())))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("compute with only");
            }
        }
    }

    /** The same bits in any batch, and the probabilities of another model. */
    private static void assertSamplesAsOf(PolicyModel model, PolicyModel packed, ModelSettings.Precision precision) {
        List<SampleRequest> requests = requests(33, 30, 2);
        SamplingParameters parameters = new SamplingParameters(1, 1, 0, 6);
        Sampler sampler = new Sampler(packed, Set.of());
        List<Completion> together = sampler.sample(requests, parameters);
        for (int size : List.of(1, 2, 9, 17)) {
            List<Completion> some = sampler.sample(requests.subList(33 - size, 33), parameters);
            for (int i = 0; i < size; i++) {
                assertSame(some.get(i), together.get(33 - size + i));
            }
        }
        List<TokenSequence> sequences = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            sequences.add(
                    new TokenSequence(requests.get(i).prompt(), together.get(i).tokens()));
        }
        float[][] expected = model.logProbs(sequences, 1);
        float tolerance = precision == ModelSettings.Precision.FLOAT32 ? 1e-4f : 0.05f;
        for (int i = 0; i < expected.length; i++) {
            assertThat(together.get(i).logProbs()).containsExactly(expected[i], within(tolerance));
        }
    }

    /** Prompts beyond the lengths whose attention is exact; memory for a few rows, so that most join a running batch. */
    @ParameterizedTest
    @ValueSource(ints = {1, 150, 400, 900, 100_000})
    void shouldGiveTheSameBitsWhenRowsJoinAndLeaveARunningBatch(int cachedTokens) {
        long bytes = ModelMemory.keyValues(policy.config(), ModelSettings.cpu(), 1, cachedTokens);
        List<SampleRequest> requests = requests(40, 90, 3);
        SamplingParameters parameters = new SamplingParameters(0.8, 1, 0, 70);
        List<Completion> together = new Sampler(policy, END, bytes).sample(requests, parameters);
        Sampler sampler = new Sampler(policy, END);
        for (int i = 0; i < requests.size(); i += 3) {
            assertSame(
                    together.get(i),
                    sampler.sample(requests.subList(i, i + 1), parameters).get(0));
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(2));
        List<Completion> shuffled =
                sampler.sample(order.stream().map(requests::get).toList(), parameters);
        for (int i = 0; i < order.size(); i++) {
            assertSame(shuffled.get(i), together.get(order.get(i)));
        }
    }

    /** Groups of a prompt, completions of prefixes of several lengths, greedy ones and ones with a limit of their own. */
    @Test
    void shouldGiveTheSameBitsWhenEqualPromptsAreComputedOnce() {
        Sampler sampler = new Sampler(policy, END);
        SplittableRandom random = new SplittableRandom(8);
        List<SampleRequest> requests = new ArrayList<>();
        for (int prompt = 0; prompt < 12; prompt++) {
            int[] tokens = TestModels.tokens(random, 1 + prompt % 5 * 9, policy.config());
            int copies = random.nextInt(1, 10);
            for (int i = 0; i < copies; i++) {
                requests.add(new SampleRequest(tokens.clone(), random.nextLong(), i % 3 == 1, 2 + i));
            }
        }
        Collections.shuffle(requests, new Random(1));
        List<Completion> together = sampler.sample(requests, PARAMETERS);
        for (int i = 0; i < requests.size(); i++) {
            assertSame(sampler.sample(requests.subList(i, i + 1), PARAMETERS).get(0), together.get(i));
        }
    }

    @Test
    void shouldTakeTheMostProbableTokensWhenARequestIsGreedy() {
        int[] prompt = {4, 1, 7};
        List<SampleRequest> requests = new ArrayList<>();
        for (int seed = 0; seed < 6; seed++) {
            requests.add(new SampleRequest(prompt, seed, seed % 2 == 0, Integer.MAX_VALUE));
        }
        Sampler sampler = new Sampler(policy, Set.of());
        List<Completion> completions = sampler.sample(requests, PARAMETERS);
        Completion greedy = sampler.sample(requests.subList(0, 1), new SamplingParameters(0, 1, 0, 24))
                .get(0);
        for (int i = 0; i < 6; i += 2) {
            assertThat(completions.get(i).tokens()).isEqualTo(greedy.tokens());
            assertThat(completions.get(i + 1).tokens()).isNotEqualTo(greedy.tokens());
        }
        assertThat(completions.get(0).logProbs())
                .as("at the temperature of the parameters")
                .containsExactly(
                        policy.logProbs(List.of(new TokenSequence(prompt, greedy.tokens())), 0.8)[0], within(1e-4f));
    }

    @Test
    void shouldEndAtTheLimitOfTheRequestOrOfTheParameters() {
        List<SampleRequest> requests = new ArrayList<>();
        for (int limit : new int[] {1, 7, 24, 25}) {
            requests.add(new SampleRequest(new int[] {4, 1}, 1, false, limit));
        }
        List<Completion> completions = new Sampler(policy, Set.of()).sample(requests, PARAMETERS);
        assertThat(completions).extracting(each -> each.tokens().length).containsExactly(1, 7, 24, 24);
        for (Completion each : completions) {
            assertThat(each.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(each.tokens()).isEqualTo(Arrays.copyOf(completions.get(3).tokens(), each.tokens().length));
        }
        assertThatThrownBy(() -> new SampleRequest(new int[] {4}, 1, false, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** Which kernel a small product takes depends on its shape: an odd one, the shipped one, and larger ones. */
    @ParameterizedTest
    @CsvSource({
        "24, 2, 1, 37, 1",
        "24, 2, 1, 37, 5",
        "64, 4, 2, 176, 1",
        "64, 4, 2, 176, 7",
        "128, 8, 4, 384, 1",
        "128, 8, 4, 384, 15"
    })
    void shouldGiveTheSameBitsWhateverTheShape(int hidden, int heads, int groups, int intermediate, int size) {
        ModelConfig shape = new ModelConfig(17, hidden, 2, heads, groups, intermediate, 64, false, 1e-6, 10_000);
        SplittableRandom random = new SplittableRandom(3);
        List<SampleRequest> requests = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            requests.add(new SampleRequest(TestModels.tokens(random, 1 + i % 5, shape), i));
        }
        try (PolicyModel model = PolicyModel.random(shape, 1, ModelSettings.cpu())) {
            Sampler sampler = new Sampler(model, Set.of());
            List<Completion> together = sampler.sample(requests, PARAMETERS);
            for (int from = 0; from < requests.size(); from += size) {
                int to = Math.min(from + size, requests.size());
                List<Completion> apart = sampler.sample(requests.subList(from, to), PARAMETERS);
                for (int i = from; i < to; i++) {
                    assertSame(apart.get(i - from), together.get(i));
                }
            }
        }
    }

    @Test
    void shouldGiveTheSameBitsInAnyThread() throws Exception {
        Sampler sampler = new Sampler(policy, END);
        List<SampleRequest> requests = requests(40, 6, 2);
        List<Completion> expected = sampler.sample(requests, PARAMETERS);
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try {
            List<Future<List<Completion>>> running = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                int from = 5 * i;
                running.add(pool.submit(() -> sampler.sample(requests.subList(from, from + 10), PARAMETERS)));
            }
            for (int i = 0; i < running.size(); i++) {
                for (int k = 0; k < 10; k++) {
                    assertSame(running.get(i).get().get(k), expected.get(5 * i + k));
                }
            }
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void shouldReportTheLogProbsThatTrainingRecomputes() {
        List<SampleRequest> requests = requests(30, 9, 4);
        List<Completion> completions = new Sampler(policy, END).sample(requests, PARAMETERS);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            sequences.add(new TokenSequence(
                    requests.get(i).prompt(), completions.get(i).tokens()));
        }
        float[][] recomputed = policy.logProbs(sequences, PARAMETERS.temperature());
        for (int i = 0; i < recomputed.length; i++) {
            assertThat(completions.get(i).logProbs()).containsExactly(recomputed[i], within(1e-4f));
        }
    }

    @Test
    void shouldDecodeFromTheCacheAsTheFullForwardPassDoes() {
        // 100 tokens: the cache grows on the way.
        int[] prompt = {1, 2, 3, 4};
        Completion completion = new Sampler(policy, Set.of())
                .sample(List.of(new SampleRequest(prompt, 1)), new SamplingParameters(0, 1, 0, 100))
                .get(0);
        float[] full = policy.logProbs(List.of(new TokenSequence(prompt, completion.tokens())), 1)[0];
        assertThat(completion.logProbs()).hasSize(100).containsExactly(full, within(1e-4f));
        for (int t = 0; t < 100; t += 33) {
            int[] prefix = Arrays.copyOf(prompt, prompt.length + t);
            System.arraycopy(completion.tokens(), 0, prefix, prompt.length, t);
            assertThat(completion.tokens()[t]).isEqualTo(Probe.best(Probe.logSoftmaxAfter(policy, prefix)));
        }
    }

    @Test
    void shouldEndWithAnEndTokenOrAtTheLength() {
        boolean stopped = false;
        boolean cut = false;
        for (Completion each :
                new Sampler(policy, END).sample(requests(50, 3, 5), new SamplingParameters(1, 1, 0, 5))) {
            int[] tokens = each.tokens();
            assertThat(each.logProbs()).hasSameSizeAs(tokens);
            for (int t = 0; t < tokens.length - 1; t++) {
                assertThat(END).doesNotContain(tokens[t]);
            }
            if (each.finishReason() == FinishReason.STOP) {
                assertThat(END).contains(tokens[tokens.length - 1]);
                stopped = true;
            } else {
                assertThat(tokens).hasSize(5);
                cut = true;
            }
        }
        assertThat(stopped && cut).isTrue();
    }

    @Test
    void shouldFillTheModelsPositionsAndNoMore() {
        int positions = policy.config().maxPositions();
        int[] prompt = TestModels.tokens(new SplittableRandom(1), positions - 3, policy.config());
        Completion completion = new Sampler(policy, Set.of())
                .sample(List.of(new SampleRequest(prompt, 1)), PARAMETERS)
                .get(0);
        // The last token is never an input.
        assertThat(completion.tokens()).hasSize(4);
        assertThat(completion.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(policy.logProbs(List.of(new TokenSequence(prompt, completion.tokens())), 0.8)[0])
                .containsExactly(completion.logProbs(), within(1e-4f));
        SampleRequest tooLong = new SampleRequest(new int[positions + 1], 1);
        assertThatThrownBy(() -> new Sampler(policy, Set.of()).sample(List.of(tooLong), PARAMETERS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("request 0")
                .hasMessageContaining(String.valueOf(positions));
    }

    @Test
    void shouldDrawEachTokenAsOftenAsItIsProbable() {
        int[] prompt = {4, 1};
        float[] logProbs = Probe.logSoftmaxAfter(policy, prompt);
        List<SampleRequest> requests = new ArrayList<>();
        for (int seed = 0; seed < 4_000; seed++) {
            requests.add(new SampleRequest(prompt, seed));
        }
        int[] counts = new int[logProbs.length];
        for (Completion each : new Sampler(policy, Set.of()).sample(requests, new SamplingParameters(1, 1, 0, 1))) {
            counts[each.tokens()[0]]++;
        }
        for (int token = 0; token < counts.length; token++) {
            double p = Math.exp(logProbs[token]);
            assertThat(counts[token] / 4_000.0).isCloseTo(p, within(5 * Math.sqrt(p * (1 - p) / 4_000)));
        }
    }

    @Test
    void shouldDivideTheLogitsByTheTemperature() {
        int[] prompt = {4, 1};
        float[] untempered = Probe.logSoftmaxAfter(policy, prompt);
        for (int token = 0; token < untempered.length; token++) {
            untempered[token] /= 0.5f;
        }
        float[] expected = Probe.logSoftmax(untempered);
        Completion completion = new Sampler(policy, Set.of())
                .sample(List.of(new SampleRequest(prompt, 8)), new SamplingParameters(0.5, 1, 0, 1))
                .get(0);
        assertThat(completion.logProbs()[0]).isCloseTo(expected[completion.tokens()[0]], within(1e-4f));
    }

    @Test
    void shouldRefuseATokenOutsideTheVocabulary() {
        SampleRequest unknown = new SampleRequest(new int[] {policy.config().vocabularySize()}, 1);
        assertThatThrownBy(() -> new Sampler(policy, Set.of()).sample(List.of(unknown), PARAMETERS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("vocabulary");
    }

    @Test
    void shouldStopBeforeTheNextTokenWhenCancelled() {
        Sampler sampler = new Sampler(policy, Set.of());
        List<SampleRequest> requests = requests(20, 1, 9);
        AtomicInteger asked = new AtomicInteger();

        assertThatThrownBy(() -> sampler.sample(requests, PARAMETERS, () -> asked.incrementAndGet() > 5))
                .isInstanceOf(CancellationException.class);
        assertThat(asked).as("once for the prompts, and once a token").hasValue(6);
        assertSame(
                sampler.sample(requests, PARAMETERS, () -> false).get(0),
                sampler.sample(requests, PARAMETERS).get(0));
    }
}
