package io.sppostream.learn.update;

import io.sppostream.model.TokenSequence;

/**
 * A response to which a {@link PolicySample} is preferred.
 *
 * @param rolloutId identifies the response
 * @param tokens token ids of prompt, shape [P], and response, shape [T]
 */
public record RejectedResponse(String rolloutId, TokenSequence tokens) {}
