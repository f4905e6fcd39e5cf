package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code -Dgolden.chat=FILE} uses another file of cases: template, messages, special tokens, and the text that
 * transformers renders.
 */
class ChatTemplateTest {

    private static final List<ChatMessage> QUESTION = List.of(new ChatMessage("user", "1+1?"));

    private static String render(String template, List<ChatMessage> messages) {
        return new ChatTemplate(template, Map.of("bos_token", "<s>")).render(messages, true);
    }

    @Test
    void shouldRenderEveryCaseAsTransformers() throws IOException {
        Path file = Path.of(System.getProperty("golden.chat", "src/test/resources/golden/chat-templates.json"));
        JsonNode cases = new ObjectMapper().readTree(Files.readAllBytes(file));
        assertThat(cases).isNotEmpty();
        for (JsonNode each : cases) {
            List<ChatMessage> messages = new ArrayList<>();
            each.get("messages")
                    .forEach(message -> messages.add(new ChatMessage(
                            message.get("role").asText(), message.get("content").asText())));
            Map<String, String> tokens = Map.of(
                    "bos_token", each.path("bos_token").asText(""),
                    "eos_token", each.path("eos_token").asText(""));
            String text = new ChatTemplate(each.get("template").asText(), tokens)
                    .render(messages, each.get("add_generation_prompt").asBoolean());
            assertThat(text)
                    .as(each.get("name").asText())
                    .isEqualTo(each.get("text").asText());
        }
    }

    @Test
    void shouldTrimBlocksAsTransformersDoes() {
        assertThat(render(
                        "{% for m in messages %}\n  {% if true %}\n[{{ m.content }}]\n  {% endif %}\n{% endfor %}\nend\n",
                        QUESTION))
                .isEqualTo("[1+1?]\nend");
    }

    @Test
    void shouldNotTouchTheMessages() {
        String odd = "{{ 7 }} {% x %} {# y #} <b>&amp;'\"\\n\\\\ ü 🙂\n\n ";
        assertThat(render(
                        "{{ messages[0]['content'] }}|{{ '\\n' }}|{{ bos_token }}",
                        List.of(new ChatMessage("user", odd))))
                .isEqualTo(odd + "|\n|<s>");
    }

    @Test
    void shouldLeaveOutWhatIsNotDefined() {
        assertThat(render("a{{ tools }}{% if tools %}b{% endif %}{% if tools is defined %}c{% endif %}", QUESTION))
                .isEqualTo("a");
    }

    @Test
    void shouldReportATemplateThatRefusesTheConversation() {
        assertThatThrownBy(() -> render("{{ raise_exception('Roles must alternate') }}", QUESTION))
                .isInstanceOf(ConversationException.class)
                .hasMessageContaining("Roles must alternate");
    }

    @Test
    void shouldReportATemplateThatIsNotJinja() {
        assertThatThrownBy(() -> render("{% for m in messages %}{{ m.content }}", QUESTION))
                .isInstanceOf(ConversationException.class);
    }

    @Test
    void shouldPreferTheTemplateOfItsOwnFile(@TempDir Path directory) throws IOException {
        assertThat(ChatTemplate.read(directory)).isNull();
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"chat_template\": \"old {{ eos_token }}\", \"eos_token\": {\"content\": \"</s>\"}}");
        ChatTemplate embedded = Objects.requireNonNull(ChatTemplate.read(directory));
        assertThat(embedded.render(QUESTION, true)).isEqualTo("old </s>");
        Files.writeString(directory.resolve("chat_template.jinja"), "new {{ eos_token }}");
        ChatTemplate own = Objects.requireNonNull(ChatTemplate.read(directory));
        assertThat(own.render(QUESTION, true)).isEqualTo("new </s>");
    }
}
