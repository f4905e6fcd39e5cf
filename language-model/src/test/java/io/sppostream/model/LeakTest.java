package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LeakTest {

    /** Arrays a manager and the managers under it hold, as DJL's own debugging output lists them. */
    private static int arrays(NDManager manager) {
        return manager.getManagedArrays().size();
    }

    @Test
    void shouldHoldAsManyArraysAfterManyStepsAsAfterTheFirst() {
        SamplingParameters parameters = new SamplingParameters(1, 1, 0, 8);
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                CriticModel critic = CriticModel.random(TestModels.CRITIC, 1, TestModels.settings());
                PolicyTrainer policyTrainer =
                        new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(40, 2, false));
                CriticTrainer criticTrainer =
                        new CriticTrainer(critic, TestModels.ADAM, new TrainingSettings(40, 2, false))) {
            Sampler sampler = new Sampler(policy, Set.of(3));
            int[] before = new int[2];
            for (int step = 0; step < 20; step++) {
                List<SampleRequest> requests = new ArrayList<>();
                TestModels.sequences(9, step).forEach(each -> requests.add(new SampleRequest(each.prompt(), 1)));
                List<Completion> completions = sampler.sample(requests, parameters);
                List<TokenSequence> batch = new ArrayList<>();
                List<int[]> prompts = new ArrayList<>();
                for (int i = 0; i < requests.size(); i++) {
                    prompts.add(requests.get(i).prompt());
                    batch.add(new TokenSequence(
                            requests.get(i).prompt(), completions.get(i).tokens()));
                }
                policy.logProbs(batch, 1);
                critic.logits(prompts);
                policyTrainer.update(batch, 1, 1e-3, (i, logProbs) -> logProbs);
                criticTrainer.update(TestModels.scored(prompts), 1e-3, (i, z) -> new float[] {1});
                if (step == 0) {
                    before[0] = arrays(policy.model().manager());
                    before[1] = arrays(critic.model().manager());
                }
            }
            assertThat(before[0]).isPositive();
            assertThat(arrays(policy.model().manager())).isEqualTo(before[0]);
            assertThat(arrays(critic.model().manager())).isEqualTo(before[1]);
        }
    }

    /** A distribution here is 2 MB; a token that left one behind in main memory would show. */
    @Test
    void shouldSampleManyTokensInTheSameMemory() throws IOException {
        assumeThat(Path.of("/proc/self/status")).exists();
        ModelConfig wide = new ModelConfig(32_768, 32, 1, 2, 2, 32, 512, true, 1e-6, 10_000);
        List<SampleRequest> requests = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            requests.add(new SampleRequest(new int[] {1, 2, i}, i));
        }
        try (PolicyModel policy = PolicyModel.random(wide, 1, TestModels.settings())) {
            Sampler sampler = new Sampler(policy, Set.of());
            sampler.sample(requests, new SamplingParameters(1, 1, 0, 20));
            long before = residentBytes();
            sampler.sample(requests, new SamplingParameters(1, 1, 0, 300));
            assertThat(residentBytes() - before).isLessThan(100_000_000);
        }
    }

    private static long residentBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }
}
