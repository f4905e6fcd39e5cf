package io.sppostream.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Tells the special tokens of a chat template from text that only spells them. A tokenizer takes every {@code
 * <|im_start|>} for the special token, whoever wrote it. So each special token has an alias here, which nobody can
 * guess: {@link #underAliases} makes a tokenizer that knows the special tokens by their aliases only, and {@link
 * #aliased} writes the aliases into a rendered conversation where the template, and not a message, has the token. The
 * ids are those of {@code split_special_tokens=True} of transformers for the text between the template's tokens.
 * Immutable.
 */
final class SpecialTokens {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final char FIRST_PRIVATE = '\uE000';
    private static final int PRIVATE = 0xF900 - FIRST_PRIVATE;

    /** Alias by token, the longest token first: a tokenizer prefers the longest of those that begin at one place. */
    private final Map<String, String> aliases = new LinkedHashMap<>();

    private final BitSet firstChars = new BitSet();

    /** @param tokens special tokens, as text */
    SpecialTokens(List<String> tokens) {
        String secret = UUID.randomUUID().toString().replace("-", "");
        List<String> sorted = new ArrayList<>(tokens);
        sorted.removeIf(String::isEmpty);
        sorted.sort(Comparator.comparingInt(String::length).reversed());
        for (String token : sorted) {
            String name = String.format("%s%07d", secret, aliases.size());
            aliases.putIfAbsent(token, token.charAt(0) + name + token.charAt(token.length() - 1));
            firstChars.set(token.charAt(0));
        }
    }

    /** The special tokens among the added tokens of a tokenizer.json. */
    static SpecialTokens read(Path file) throws IOException {
        List<String> tokens = new ArrayList<>();
        try (JsonParser json = JSON.createParser(file.toFile())) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                boolean added = json.currentName().equals("added_tokens");
                json.nextToken();
                if (!added) {
                    json.skipChildren();
                    continue;
                }
                for (JsonNode token : JSON.<JsonNode>readTree(json)) {
                    if (token.path("special").asBoolean()) {
                        tokens.add(token.path("content").asText());
                    }
                }
            }
        }
        return new SpecialTokens(tokens);
    }

    /** Whether a text spells a special token, or ends with the beginning of one. */
    boolean isSpelledIn(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isSpelledAt(text, i)) {
                return true;
            }
        }
        return false;
    }

    private boolean isSpelledAt(String text, int at) {
        if (!firstChars.get(text.charAt(at))) {
            return false;
        }
        int left = text.length() - at;
        for (String token : aliases.keySet()) {
            if (text.regionMatches(at, token, 0, Math.min(left, token.length()))) {
                return true;
            }
        }
        return false;
    }

    /**
     * A tokenizer.json in which each special token goes by its alias and keeps its id.
     *
     * @param tokenizer the content of a tokenizer.json; changed
     */
    byte[] underAliases(JsonNode tokenizer) throws IOException {
        for (JsonNode token : tokenizer.path("added_tokens")) {
            rename((ObjectNode) token, "content");
        }
        // Special tokens may be entries of the vocabulary too. There the alias keeps the entry's id.
        if (tokenizer.path("model") instanceof ObjectNode model) {
            rename(model, "unk_token");
            if (model.path("vocab") instanceof ObjectNode vocabulary) {
                aliases.forEach((token, alias) -> {
                    JsonNode id = vocabulary.remove(token);
                    if (id != null) {
                        vocabulary.set(alias, id);
                    }
                });
            } else if (model.path("vocab") instanceof ArrayNode pieces) {
                for (JsonNode piece : pieces) {
                    if (piece instanceof ArrayNode pair
                            && aliases.containsKey(pair.path(0).asText())) {
                        pair.set(0, TextNode.valueOf(aliases.get(pair.path(0).asText())));
                    }
                }
            }
        }
        return JSON.writeValueAsBytes(tokenizer);
    }

    private void rename(ObjectNode node, String field) {
        String alias = aliases.get(node.path(field).asText());
        if (alias != null) {
            node.put(field, alias);
        }
    }

    /**
     * Renders a conversation with the special tokens of its template under their aliases. The template sees messages in
     * which the first character of each spelled token is replaced by one of the private use area that no message has.
     *
     * @throws ConversationException if the messages use up the private use area
     */
    String aliased(ChatTemplate template, List<ChatMessage> messages) {
        Map<Character, Character> substitutes = substitutes(messages);
        String rendered = template.render(
                messages.stream()
                        .map(message -> new ChatMessage(
                                substituted(message.role(), substitutes), substituted(message.content(), substitutes)))
                        .toList(),
                true);
        Map<Character, Character> originals = new HashMap<>();
        substitutes.forEach((original, substitute) -> originals.put(substitute, original));
        StringBuilder text = new StringBuilder(rendered.length() + 64);
        for (int i = 0; i < rendered.length(); i++) {
            String token = tokenAt(rendered, i);
            if (token.isEmpty()) {
                char each = rendered.charAt(i);
                text.append(originals.getOrDefault(each, each).charValue());
            } else {
                text.append(aliases.get(token));
                i += token.length() - 1;
            }
        }
        return text.toString();
    }

    /** The longest special token that begins there; empty if there is none. */
    private String tokenAt(String text, int at) {
        if (firstChars.get(text.charAt(at))) {
            for (String token : aliases.keySet()) {
                if (text.startsWith(token, at)) {
                    return token;
                }
            }
        }
        return "";
    }

    private Map<Character, Character> substitutes(List<ChatMessage> messages) {
        BitSet used = new BitSet(PRIVATE);
        for (ChatMessage message : messages) {
            (message.role() + message.content())
                    .chars()
                    .filter(each -> each >= FIRST_PRIVATE && each < FIRST_PRIVATE + PRIVATE)
                    .forEach(each -> used.set(each - FIRST_PRIVATE));
        }
        Map<Character, Character> substitutes = new HashMap<>();
        int free = -1;
        for (Iterator<Integer> firsts = firstChars.stream().iterator(); firsts.hasNext(); ) {
            free = used.nextClearBit(free + 1);
            if (free >= PRIVATE) {
                throw new ConversationException(
                        "it spells special tokens and uses every character of the private use area", null);
            }
            substitutes.put((char) firsts.next().intValue(), (char) (FIRST_PRIVATE + free));
        }
        return substitutes;
    }

    private String substituted(String text, Map<Character, Character> substitutes) {
        StringBuilder substituted = new StringBuilder(text);
        for (int i = 0; i < text.length(); i++) {
            if (isSpelledAt(text, i)) {
                char first = text.charAt(i);
                substituted.setCharAt(i, substitutes.getOrDefault(first, first));
            }
        }
        return substituted.toString();
    }
}
