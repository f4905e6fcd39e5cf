package io.sppostream.model;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
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
    private static final Map<String, String> OPTIONS =
            Map.of("addSpecialTokens", "false", "padding", "false", "truncation", "false");

    private static final String THINKING = "<think>";

    /** Tokens that have room for {@code <think>} and line breaks, a byte each. */
    private static final int THINKING_TOKENS = 10;

    private final HuggingFaceTokenizer tokenizer;
    private final @Nullable ChatTemplate template;
    private final Set<Integer> endTokens;
    private final SpecialTokens specialTokens;

    /** The tokenizer.json. */
    private final Path file;

    /** Knows the special tokens by their aliases only; null until a text spells one of them. */
    private @Nullable HuggingFaceTokenizer underAliases;

    private Tokenizer(Path directory, Path file) throws IOException {
        this.file = file;
        this.template = ChatTemplate.read(directory);
        this.endTokens = readEndTokens(directory);
        this.specialTokens = SpecialTokens.read(file);
        this.tokenizer = HuggingFaceTokenizer.newInstance(file, OPTIONS);
    }

    static Tokenizer open(Path directory) {
        Path file = directory.resolve("tokenizer.json");
        try {
            return new Tokenizer(directory, file);
        } catch (CheckpointException e) {
            throw e;
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

    /**
     * Token ids of a text whose special tokens are meant as such, like that of a rendered chat template; none are added.
     * See {@link #encodeText} for text of which nothing is known.
     */
    public int[] encode(String text) {
        return ids(tokenizer, text);
    }

    /** Token ids of a text. If it spells special tokens, they are encoded as the text that they are; none are added. */
    public int[] encodeText(String text) {
        return specialTokens.isSpelledIn(text) ? ids(underAliases(), text) : encode(text);
    }

    /** DJL's own method also fetches spans, masks and texts of the tokens, which takes most of the time of a short text. */
    private static int[] ids(HuggingFaceTokenizer tokenizer, String text) {
        long encoding = TokenizersLibrary.LIB.encode(tokenizer.getHandle(), text, false);
        try {
            long[] ids = TokenizersLibrary.LIB.getTokenIds(encoding);
            int[] tokens = new int[ids.length];
            Arrays.setAll(tokens, i -> Math.toIntExact(ids[i]));
            return tokens;
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    private synchronized HuggingFaceTokenizer underAliases() {
        if (underAliases == null) {
            try {
                byte[] json = specialTokens.underAliases(JSON.readTree(Files.readAllBytes(file)));
                underAliases = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
            } catch (IOException e) {
                throw new CheckpointException("Can't read " + file + ": " + e.getMessage(), e);
            }
        }
        return underAliases;
    }

    /** The text of token ids, without special tokens. */
    public String decode(int[] tokens) {
        return tokenizer.decode(Arrays.stream(tokens).asLongStream().toArray(), true);
    }

    /**
     * Where each token begins in {@link #decode(int[])} of all of them, in UTF-16 code units, ascending. A token inside
     * a character of several bytes begins where the character begins, and a special token where the text after it does.
     *
     * <p>It is the length of the text that the tokens before it have in common with the text of all. Decoding all of
     * them for each token would take quadratic time, so decoding begins a little before the last token up to which the
     * texts were the same: far enough that decoders that treat the first token differently do not see one.
     */
    public int[] tokenStarts(int[] tokens) {
        String text = decode(tokens);
        int[] starts = new int[tokens.length];
        int context = 0; // where decoding begins
        int anchor = 0; // tokens up to which the texts are the same
        int contextLength = 0; // characters of the tokens from context to anchor
        for (int t = 1; t < tokens.length; t++) {
            String decoded = decode(Arrays.copyOfRange(tokens, context, t));
            int base = starts[anchor];
            int length = Math.max(0, decoded.length() - contextLength);
            int same = 0;
            while (same < length
                    && base + same < text.length()
                    && decoded.charAt(contextLength + same) == text.charAt(base + same)) {
                same++;
            }
            starts[t] = Math.max(starts[t - 1], base + same);
            if (same == length && length > 0) {
                context = anchor;
                anchor = t;
                contextLength = decode(Arrays.copyOfRange(tokens, context, t)).length();
            }
        }
        return starts;
    }

    /**
     * Token ids of a conversation, as the prompt for the assistant's next turn: rendered by the checkpoint's chat template
     * or, if it has none, the concatenated contents. The template's special tokens are encoded as such; those that a role
     * or a content spells are encoded as the text that they are.
     *
     * @throws ConversationException if the template refuses the conversation
     */
    public int[] encodePrompt(List<ChatMessage> messages) {
        if (template == null) {
            return encodeText(concatenated(messages));
        }
        boolean spelled = messages.stream()
                .anyMatch(message ->
                        specialTokens.isSpelledIn(message.role()) || specialTokens.isSpelledIn(message.content()));
        return spelled
                ? ids(underAliases(), specialTokens.aliased(template, messages))
                : encode(template.render(messages, true));
    }

    /** The text of {@link #encodePrompt}. */
    public String renderPrompt(List<ChatMessage> messages) {
        return template == null ? concatenated(messages) : template.render(messages, true);
    }

    /**
     * Whether the chat template ends a prompt with {@code <think>}, so that the response begins with thinking. False if the
     * tag is a special token: then {@link #decode} leaves the closing tag out of responses as well.
     *
     * @param prompt as {@link #encodePrompt} returned it
     */
    public boolean opensThinking(int[] prompt) {
        if (template == null || !template.mentions(THINKING)) {
            return false;
        }
        int[] end = Arrays.copyOfRange(prompt, Math.max(0, prompt.length - THINKING_TOKENS), prompt.length);
        return decode(end).stripTrailing().endsWith(THINKING);
    }

    private static String concatenated(List<ChatMessage> messages) {
        return messages.size() == 1
                ? messages.get(0).content()
                : messages.stream().map(ChatMessage::content).collect(Collectors.joining());
    }

    /** The tokens that end a response. */
    public Set<Integer> endTokens() {
        return endTokens;
    }

    @Override
    public void close() {
        tokenizer.close();
        synchronized (this) {
            if (underAliases != null) {
                underAliases.close();
            }
        }
    }
}
