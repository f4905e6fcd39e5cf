package io.sppostream.model;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Converts text to token ids and back, with the chat template and end tokens of a checkpoint. Thread-safe. */
public final class Tokenizer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HuggingFaceTokenizer tokenizer;
    private final @Nullable ChatTemplate template;
    private final Set<Integer> endTokens;

    private Tokenizer(HuggingFaceTokenizer tokenizer, @Nullable ChatTemplate template, Set<Integer> endTokens) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.endTokens = endTokens;
    }

    static Tokenizer open(Path directory) {
        Path file = directory.resolve("tokenizer.json");
        ChatTemplate template = ChatTemplate.read(directory);
        Set<Integer> endTokens = readEndTokens(directory);
        try {
            return new Tokenizer(
                    HuggingFaceTokenizer.newInstance(
                            file, Map.of("addSpecialTokens", "false", "padding", "false", "truncation", "false")),
                    template,
                    endTokens);
        } catch (IOException | RuntimeException e) {
            throw new CheckpointException("Can't read " + file + ": " + e.getMessage(), e);
        }
    }

    /** The end tokens in the generation configuration or, if it has none, in the model's configuration. */
    private static Set<Integer> readEndTokens(Path directory) {
        for (String name : List.of("generation_config.json", "config.json")) {
            Path file = directory.resolve(name);
            if (Files.exists(file)) {
                try {
                    JsonNode end = JSON.readTree(Files.readAllBytes(file)).path("eos_token_id");
                    Set<Integer> tokens = new TreeSet<>();
                    if (end.isInt()) {
                        tokens.add(end.asInt());
                    }
                    end.forEach(token -> tokens.add(token.asInt()));
                    if (!tokens.isEmpty()) {
                        return Set.copyOf(tokens);
                    }
                } catch (IOException e) {
                    throw new CheckpointException("Can't read " + file + ": " + e.getMessage(), e);
                }
            }
        }
        throw new CheckpointException("Neither generation_config.json nor config.json in " + directory
                + " names an eos_token_id: add the id of the token that ends a response");
    }

    /** Token ids of a text. Special tokens that it spells out are encoded as such; none are added. */
    public int[] encode(String text) {
        return Arrays.stream(tokenizer.encode(text, false, false).getIds())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    /** The text of token ids, without special tokens. */
    public String decode(int[] tokens) {
        return tokenizer.decode(Arrays.stream(tokens).asLongStream().toArray(), true);
    }

    /**
     * Token ids of a conversation, as the prompt for the assistant's next turn: rendered by the checkpoint's chat template
     * or, if it has none, the concatenated contents.
     *
     * @throws CheckpointException if the template cannot be rendered
     */
    public int[] encodePrompt(List<ChatMessage> messages) {
        return encode(renderPrompt(messages));
    }

    /** The text of {@link #encodePrompt}. */
    String renderPrompt(List<ChatMessage> messages) {
        return template == null
                ? messages.stream().map(ChatMessage::content).collect(Collectors.joining())
                : template.render(messages, true);
    }

    /** The tokens that end a response. */
    public Set<Integer> endTokens() {
        return endTokens;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
