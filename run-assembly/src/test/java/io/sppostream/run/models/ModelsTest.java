package io.sppostream.run.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import io.sppostream.log.UserException;
import io.sppostream.model.ChatMessage;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.Tokenizer;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelsTest {
    @TempDir
    private Path directory = Path.of("");

    private Checkpoint policy = Checkpoint.open(Path.of("src/main/resources/models/addition"));

    private RunSettings settings(Map<String, String> flags) {
        Map<String, String> all = new HashMap<>(flags);
        all.put("run", "r");
        all.put("data.dir", directory.toString());
        return Configuration.load(null, Map.of(), all).settings();
    }

    /** A critic of the policy's shape whose tokenizer has the digits 0 and 1 the other way round. */
    @BeforeEach
    void writeCritic() throws IOException {
        Path critic = Files.createDirectory(directory.resolve("critic"));
        for (String file : List.of("config.json", "generation_config.json", "model.safetensors")) {
            Files.copy(policy.directory().resolve(file), critic.resolve(file));
        }
        String tokenizer = Files.readString(policy.directory().resolve("tokenizer.json"));
        assertThat(tokenizer).contains("\"0\": 0, \"1\": 1");
        Files.writeString(
                critic.resolve("tokenizer.json"), tokenizer.replace("\"0\": 0, \"1\": 1", "\"0\": 1, \"1\": 0"));
    }

    private static int[] tokens(Checkpoint checkpoint) {
        try (Tokenizer tokenizer = checkpoint.tokenizer()) {
            return tokenizer.encodePrompt(List.of(new ChatMessage("user", "10+2=")));
        }
    }

    /** A token of the shipped tokenizers is a character, or the special one at the end. */
    @ParameterizedTest
    @CsvSource({"addition, 12+3=15", "ledger, 12+7;34-5#09", "'knights-and-knaves', 'AkB!?0,1;#+'"})
    void shouldKnowWhereTokensBegin(String model, String text) {
        try (Tokenizer tokenizer =
                Checkpoint.open(Path.of("src/main/resources/models", model)).tokenizer()) {
            int[] tokens = IntStream.concat(
                            IntStream.of(tokenizer.encodeText(text)),
                            tokenizer.endTokens().stream().mapToInt(Integer::intValue))
                    .toArray();
            assertThat(tokenizer.tokenStarts(tokens))
                    .isEqualTo(IntStream.rangeClosed(0, text.length()).toArray());
        }
    }

    @Test
    void shouldReadByTheCriticsOwnTokenizerWhenItHasACheckpoint() {
        RunSettings settings =
                settings(Map.of("critic.model", directory.resolve("critic").toString()));

        assertThat(tokens(policy)).containsExactly(1, 0, 10, 2, 11);
        assertThat(tokens(Models.criticTokens(settings, policy))).containsExactly(0, 1, 10, 2, 11);
        try (CriticModel critic = Models.critic(settings, policy)) {
            assertThat(critic.config().hiddenSize())
                    .as("the checkpoint's backbone")
                    .isEqualTo(64);
        }
    }

    @Test
    void shouldReadByThePolicysTokenizerWhenTheCriticIsRandom() {
        RunSettings settings = settings(Map.of());

        assertThat(Models.criticTokens(settings, policy)).isSameAs(policy);
        try (CriticModel critic = Models.critic(settings, policy)) {
            assertThat(critic.config().hiddenSize()).as("the preset's size").isEqualTo(32);
            assertThat(critic.config().vocabularySize())
                    .isEqualTo(policy.config().vocabularySize());
        }
    }

    @Test
    void shouldKeepTheFirstLayersOfThePolicyWhenTheCriticIsMadeOfThem() {
        RunSettings settings = settings(Map.of("critic.model", "policy", "critic.layers", "1"));

        assertThat(Models.criticTokens(settings, policy)).isSameAs(policy);
        try (CriticModel critic = Models.critic(settings, policy)) {
            assertThat(critic.config().layers()).isEqualTo(1);
            assertThat(critic.config().hiddenSize()).isEqualTo(64);
            assertThat(critic.logits(List.of(tokens(policy)))).containsExactly(0);
        }
        assertThatThrownBy(
                        () -> Models.critic(settings(Map.of("critic.model", "policy", "critic.layers", "3")), policy))
                .isInstanceOf(UserException.class)
                .hasMessage("critic.layers = 3: " + policy.directory() + " has 2 layers");
    }

    @ParameterizedTest
    @CsvSource({"arithmetic, HuggingFaceTB/SmolLM2-135M-Instruct", "addition-1, ./sppo pretrain"})
    void shouldSayWhereToGetAStartPolicyWhenNoneIsShipped(String dataset, String source) {
        assertThatThrownBy(() -> Models.policy(settings(Map.of("dataset", dataset))))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("dataset " + dataset
                        + " comes without a start policy: give a checkpoint folder as" + " --model")
                .hasMessageContaining(source);
    }

    @Test
    void shouldMakeFreshWeightsOfTheShapeThatIsShippedForTheDataset() throws IOException {
        Checkpoint ledger = Models.fresh("ledger", 1, Files.createDirectory(directory.resolve("ledger")));
        Checkpoint essays = Models.fresh("essays", 1, Files.createDirectory(directory.resolve("essays")));

        assertThat(ledger.config().maxPositions()).isEqualTo(384);
        assertThat(essays.config()).as("no shape of its own").isEqualTo(policy.config());
    }

    @Test
    void shouldSayInOneLineThatThereIsNoGpu() {
        Assumptions.assumeFalse(Engine.getEngine("PyTorch").hasCapability("CUDA"), "a machine without a GPU");
        ModelSettings gpu =
                settings(Map.of("device", "gpu", "precision", "bf16")).policyPlacement();

        assertThat(gpu).isEqualTo(new ModelSettings("gpu", ModelSettings.Precision.BFLOAT16));
        assertThatThrownBy(() -> Models.requireDevice(gpu))
                .isInstanceOf(UserException.class)
                .hasMessageMatching("device gpu: PyTorch [0-9.]+ finds no GPU, or is the build for the CPU alone;"
                        + " see docs/gpu.md, or use cpu");
    }
}
