package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenThinkingTest {
    private static final String TOKENIZER = """
            {
              "version": "1.0",
              "added_tokens": [
                {"id": 0, "content": "<think>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": %s},
                {"id": 1, "content": "</think>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": %s}
              ],
              "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": false},
              "decoder": {"type": "Fuse"},
              "model": {"type": "WordLevel", "vocab": {"<think>": 0, "</think>": 1, "7": 2, "\\n": 3, "?": 4}, "unk_token": "?"}
            }
            """;

    @TempDir
    private Path directory;

    /** The second case is how some templates turn thinking off. */
    @ParameterizedTest
    @CsvSource({
        "<think>{{ '\\n' }}, false, true",
        "<think>{{ '\\n' }}</think>, false, false",
        "'', false, false",
        "<think>{{ '\\n' }}, true, false"
    })
    void shouldTellWhetherTheTemplateOpensThinking(String end, boolean isSpecial, boolean opens) throws IOException {
        Files.writeString(directory.resolve("tokenizer.json"), TOKENIZER.formatted(isSpecial, isSpecial));
        Files.writeString(directory.resolve("generation_config.json"), "{\"eos_token_id\": 4}");
        Files.writeString(directory.resolve("chat_template.jinja"), "{{ messages[0]['content'] }}" + end);
        try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            int[] prompt = tokenizer.encodePrompt(List.of(new ChatMessage("user", "7")));

            assertThat(tokenizer.opensThinking(prompt)).isEqualTo(opens);
        }
    }
}
