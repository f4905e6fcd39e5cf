package io.sppostream.learn;

import io.sppostream.events.Message;
import io.sppostream.model.ChatMessage;
import io.sppostream.model.Tokenizer;
import java.util.List;

/** Turns a conversation on the log into the token ids that a model reads. */
public final class PromptTokens {
    private PromptTokens() {}

    /** Token ids, shape [P], by the tokenizer's chat template with its generation prompt. */
    public static int[] of(Tokenizer tokenizer, List<Message> messages) {
        return tokenizer.encodePrompt(conversation(messages));
    }

    /** A conversation as chat templates see it. */
    public static List<ChatMessage> conversation(List<Message> messages) {
        return messages.stream()
                .map(message -> new ChatMessage(message.getRole(), message.getContent()))
                .toList();
    }
}
