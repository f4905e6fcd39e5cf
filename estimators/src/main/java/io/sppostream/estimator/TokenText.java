package io.sppostream.estimator;

/**
 * A response as text, and where its tokens begin in it.
 *
 * @param text the response, without special tokens
 * @param starts the index of the character at which each token begins, ascending, shape [T]; that of a special token at
 *     the end is the length of the text
 */
public record TokenText(String text, int[] starts) {}
