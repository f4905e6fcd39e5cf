package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptCommandIT {
    @TempDir
    private Path directory;

    private Invocation prompt(String... arguments) {
        List<String> all = new ArrayList<>(List.of("prompt", "--data-dir=" + directory.resolve("data")));
        all.addAll(List.of(arguments));
        return Invocation.of(all.toArray(String[]::new));
    }

    private Path dataset() throws IOException {
        return Files.writeString(directory.resolve("sums.json"), """
                [{"prompt": [{"role": "user", "content": "1+1=\\u001b[31m"}],
                  "reward_model": {"ground_truth": "2"}},
                 {"prompt": "1+2="},
                 {"prompt": "1+3=", "answer": 4}]
                """);
    }

    @Test
    void shouldShowWhatAFileHoldsWithoutAModel() throws IOException {
        Invocation shown = prompt(
                "--dataset=" + dataset(),
                "--set=dataset.bad.rows=skip",
                "--set=eval.prompts=1",
                "--system=Think.",
                "--suffix=Box it.",
                "--held-out",
                "--show=3");

        assertThat(shown.err()).isEmpty();
        assertThat(shown.out())
                .startsWith("dataset sums: 1 training problems, 1 held out; verifier math\n")
                .contains("sums.json: skipped 1 of 3 rows: no answer: 1 (row 2)")
                .contains("--- system\nThink.\n--- user\n1+")
                .contains("Box it.\n")
                .contains("give --model to see the chat template and the tokens")
                .doesNotContain("\u001b");
    }

    @Test
    void shouldShowTheTokensThatTheModelSees() {
        Invocation shown = prompt("--show");

        assertThat(shown.err()).isEmpty();
        assertThat(shown.out())
                .containsPattern("dataset addition: [0-9,]+ training problems, [0-9,]+ held out; verifier exact\n")
                .containsPattern("prompt \\S+ of addition, reference \\d+\n--- as the model sees it\n\\d\\d\\+\\d\\d=\n"
                        + "--- 6 tokens")
                .contains("tokens of the first 1,000 prompts: mean 6.0, longest 6");
    }

    @Test
    void shouldRefuseWhatDoesNotFitTheDataset() throws IOException {
        prompt("--suffix=Box it.").assertRefused("dataset.suffix is for datasets in files: addition is a built-in");
        prompt("--dataset=" + dataset()).assertRefused("row 2 has no answer", "dataset.bad.rows=skip");
        prompt("--dataset=" + dataset(), "--set=dataset.bad.rows=skip", "--set=dataset.prompt.max.tokens=9")
                .assertRefused("dataset.prompt.max.tokens: give --model");
    }
}
