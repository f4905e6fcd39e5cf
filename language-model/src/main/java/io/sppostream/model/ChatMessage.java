package io.sppostream.model;

/**
 * One turn of a conversation, as chat templates see it.
 *
 * @param role the speaker: {@code system}, {@code user} or {@code assistant}
 * @param content the text
 */
public record ChatMessage(String role, String content) {}
