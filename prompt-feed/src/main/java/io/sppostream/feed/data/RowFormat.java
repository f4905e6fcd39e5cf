package io.sppostream.feed.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.sppostream.events.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a row of a data file becomes a problem. Fields are found by the names that verl, TRL and GSM8K give them, unless
 * others are set. The name of a nested field has dots: {@code reward_model.ground_truth}.
 *
 * @param promptField field of the prompt, a text or a list of messages with role and content; null for the first present
 *     of prompt, question and problem
 * @param answerField field of the reference answer; null for the first present of reward_model.ground_truth, answer and
 *     solution
 * @param datasetField field that names the dataset of a row; null if all rows are of the file's dataset
 * @param system system message of each prompt, in place of the row's own; empty to leave prompts as they are
 * @param template text of the last message, in which {@code {{FIELD}}} stands for a field of the row and {@code {{prompt}}}
 *     for its prompt; empty to leave it as it is
 * @param suffix text after the last message, unless the message ends with it already; empty for none
 */
public record RowFormat(
        @Nullable String promptField,
        @Nullable String answerField,
        @Nullable String datasetField,
        String system,
        String template,
        String suffix) {
    /** The usual names, and prompts as they are. */
    public static final RowFormat USUAL = new RowFormat(null, null, null, "", "", "");

    private static final String PROMPT = "prompt";
    private static final String SOLUTION = "solution";
    private static final String USER = "user";
    private static final String SYSTEM = "system";
    private static final List<String> PROMPT_FIELDS = List.of(PROMPT, "question", "problem");
    private static final List<String> ANSWER_FIELDS = List.of("reward_model.ground_truth", "answer", SOLUTION);
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{\\s*([\\w.-]+)\\s*\\}\\}");

    /**
     * A row as a problem.
     *
     * @param problem the problem
     * @param question its prompt as it is in the file; the same whatever system message, template and suffix say
     */
    record Row(Problem problem, String question) {}

    /** Reads a row. */
    Row read(String id, JsonNode fields) throws BadRowException {
        List<Message> given = given(fields);
        String question = given.isEmpty() ? "" : last(given).getContent();
        List<Message> messages = new ArrayList<>(given.subList(0, Math.max(0, given.size() - 1)));
        messages.add(new Message(
                given.isEmpty() ? USER : last(given).getRole(), withSuffix(fill(question, fields, given.isEmpty()))));
        if (!system.isEmpty()) {
            if (messages.get(0).getRole().equals(SYSTEM)) {
                messages.remove(0);
            }
            messages.add(0, new Message(SYSTEM, system));
        }
        String reference = reference(fields);
        String dataset = dataset(fields);
        return new Row(
                new Problem(id, messages, reference, reference, dataset == null ? "" : dataset, dataset),
                question.isEmpty() ? last(messages).getContent() : question);
    }

    private static Message last(List<Message> messages) {
        return messages.get(messages.size() - 1);
    }

    /** The prompt as it is in the row; empty if it has none and the template needs none. */
    private List<Message> given(JsonNode fields) throws BadRowException {
        List<String> names = promptField == null ? PROMPT_FIELDS : List.of(promptField);
        JsonNode prompt = first(fields, names);
        if (prompt == null) {
            if (!template.isEmpty() && !PLACEHOLDER.matcher(template).results().anyMatch(RowFormat::isPrompt)) {
                return List.of();
            }
            throw missing(SkipReason.NO_PROMPT, fields, "prompt", names, "--prompt-field");
        }
        if (prompt.isValueNode()) {
            return List.of(new Message(USER, prompt.asText()));
        }
        return conversation(prompt);
    }

    private static boolean isPrompt(MatchResult placeholder) {
        return placeholder.group(1).equals(PROMPT);
    }

    private static List<Message> conversation(JsonNode prompt) throws BadRowException {
        List<Message> messages = new ArrayList<>();
        for (JsonNode message : prompt) {
            JsonNode role = message.path("role");
            JsonNode content = message.path("content");
            if (!prompt.isArray() || !role.isTextual() || !content.isTextual()) {
                throw new BadRowException(
                        SkipReason.MALFORMED_PROMPT,
                        "has a malformed prompt: it must be a text or a list of messages with a role and a content that"
                                + " are texts");
            }
            messages.add(new Message(role.asText(), content.asText()));
        }
        if (messages.isEmpty()) {
            throw new BadRowException(SkipReason.MALFORMED_PROMPT, "has a malformed prompt: it has no messages");
        }
        if (last(messages).getRole().equals("assistant")) {
            throw new BadRowException(
                    SkipReason.MALFORMED_PROMPT,
                    "has a malformed prompt: its last message is the assistant's, so that there is nothing to answer");
        }
        return messages;
    }

    private String fill(String question, JsonNode fields, boolean hasNoPrompt) throws BadRowException {
        if (template.isEmpty()) {
            return question;
        }
        Matcher placeholders = PLACEHOLDER.matcher(template);
        StringBuilder text = new StringBuilder();
        while (placeholders.find()) {
            String name = placeholders.group(1);
            placeholders.appendReplacement(
                    text,
                    Matcher.quoteReplacement(
                            name.equals(PROMPT) && !hasNoPrompt ? question : placeholder(name, fields)));
        }
        return placeholders.appendTail(text).toString();
    }

    private static String placeholder(String name, JsonNode fields) throws BadRowException {
        JsonNode value = field(fields, name);
        if (value == null || !value.isValueNode()) {
            throw missing(SkipReason.NO_PROMPT, fields, "'" + name + "' for the template", List.of(name), null);
        }
        return value.asText();
    }

    private String withSuffix(String content) {
        if (suffix.isEmpty() || content.stripTrailing().endsWith(suffix.strip())) {
            return content;
        }
        boolean separated = content.isEmpty()
                || Character.isWhitespace(content.charAt(content.length() - 1))
                || Character.isWhitespace(suffix.charAt(0));
        return content + (separated ? "" : " ") + suffix;
    }

    private String reference(JsonNode fields) throws BadRowException {
        List<String> names = answerField == null ? ANSWER_FIELDS : List.of(answerField);
        for (String name : names) {
            JsonNode answer = field(fields, name);
            if (answer != null && answer.isValueNode()) {
                String reference = References.of(answer.asText(), name.equals(SOLUTION));
                if (!reference.isEmpty()) {
                    return reference;
                }
            }
        }
        throw missing(SkipReason.NO_ANSWER, fields, "answer", names, "--answer-field");
    }

    private @Nullable String dataset(JsonNode fields) {
        JsonNode name = datasetField == null ? null : field(fields, datasetField);
        return name == null || !name.isValueNode() || name.asText().isBlank()
                ? null
                : name.asText().strip();
    }

    private static @Nullable JsonNode first(JsonNode fields, List<String> names) {
        for (String name : names) {
            JsonNode value = field(fields, name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    /** A field by its name, with dots if it is nested; null if it is missing or null. */
    private static @Nullable JsonNode field(JsonNode fields, String name) {
        JsonNode value = fields.path(name);
        int dot = name.indexOf('.');
        if (value.isMissingNode() && dot > 0) {
            return field(fields.path(name.substring(0, dot)), name.substring(dot + 1));
        }
        return value.isMissingNode() || value.isNull() ? null : value;
    }

    private static BadRowException missing(
            SkipReason reason, JsonNode fields, String what, List<String> expected, @Nullable String flag) {
        List<String> names = new ArrayList<>();
        fields.fieldNames().forEachRemaining(names::add);
        return new BadRowException(
                reason,
                "has no " + what + ": expected " + String.join(" or ", expected) + ", found "
                        + (names.isEmpty() ? "no fields" : String.join(", ", names))
                        + (flag == null ? "" : " (name the field with " + flag + ")"));
    }
}
