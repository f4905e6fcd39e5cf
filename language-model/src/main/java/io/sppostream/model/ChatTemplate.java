package io.sppostream.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A checkpoint's Jinja template, which renders a conversation as text, in the way of transformers. Thread-safe. */
final class ChatTemplate {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Jinjava jinja;
    private final String template;
    private final Map<String, String> specialTokens;

    ChatTemplate(String template, Map<String, String> specialTokens) {
        this.jinja = new Jinjava(JinjavaConfig.newBuilder()
                // Otherwise the text of messages would be interpreted as a template again.
                .withNestedInterpretationEnabled(false)
                .build());
        jinja.getGlobalContext()
                .registerFunction(
                        new ELFunctionDefinition("", "raise_exception", ChatTemplate.class, "refuse", String.class));
        this.template = JinjaWhitespace.resolve(template);
        this.specialTokens = Map.copyOf(specialTokens);
    }

    /** The function {@code raise_exception} of templates. Jinjava calls it by reflection. */
    @SuppressWarnings("DoNotCallSuggester")
    public static String refuse(String message) {
        throw new Refusal(message);
    }

    /** The template does not take a conversation. */
    private static final class Refusal extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        private Refusal(String message) {
            super(message);
        }
    }

    /** The template in {@code chat_template.jinja} or, failing that, {@code tokenizer_config.json}; null if there is none. */
    static @Nullable ChatTemplate read(Path directory) {
        Path file = directory.resolve("chat_template.jinja");
        Path config = directory.resolve("tokenizer_config.json");
        try {
            JsonNode json = Files.exists(config) ? JSON.readTree(Files.readAllBytes(config)) : JSON.createObjectNode();
            JsonNode embedded = json.path("chat_template");
            if (!Files.exists(file) && !embedded.isTextual()) {
                return null;
            }
            Map<String, String> tokens = new HashMap<>();
            for (String name : List.of("bos_token", "eos_token", "pad_token", "unk_token")) {
                JsonNode token = json.path(name);
                String content = token.isObject() ? token.path("content").asText() : token.asText("");
                if (!content.isEmpty()) {
                    tokens.put(name, content);
                }
            }
            ChatTemplate template =
                    new ChatTemplate(Files.exists(file) ? Files.readString(file) : embedded.asText(), tokens);
            template.requireRendering(directory);
            return template;
        } catch (IOException e) {
            throw new CheckpointException("Can't read the chat template in " + directory, e);
        }
    }

    /** A template that no conversation can pass is an error of the checkpoint, and not one of every prompt. */
    private void requireRendering(Path directory) {
        try {
            render(List.of(new ChatMessage("user", "1")), true);
        } catch (ConversationException e) {
            for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                if (cause instanceof Refusal) {
                    return; // It may want other roles.
                }
            }
            throw new CheckpointException("The chat template in " + directory + " is broken: " + e.getMessage(), e);
        }
    }

    /** Whether the source of the template contains a text. */
    boolean mentions(String text) {
        return template.contains(text);
    }

    /**
     * Renders a conversation.
     *
     * @param generationPrompt whether to append the start of the assistant's turn
     * @throws ConversationException if the template refuses the conversation
     */
    String render(List<ChatMessage> messages, boolean generationPrompt) {
        Map<String, Object> context = new HashMap<>(specialTokens);
        context.put(
                "messages",
                messages.stream()
                        .map(message -> Map.of("role", message.role(), "content", message.content()))
                        .toList());
        context.put("add_generation_prompt", generationPrompt);
        RenderResult result = jinja.renderForResult(template, context);
        if (result.hasErrors()) {
            TemplateError error = result.getErrors().get(0);
            Throwable cause = error.getException();
            String reason = error.getMessage();
            while (cause != null) {
                reason = cause.getMessage() == null ? reason : cause.getMessage();
                cause = cause.getCause();
            }
            throw new ConversationException(
                    "the chat template can't render this conversation: " + reason, error.getException());
        }
        return result.getOutput();
    }
}
