package io.sppostream.model;

/**
 * A sampled response.
 *
 * @param tokens [T] token ids, the end token included
 * @param logProbs [T] natural log-probability of each token under softmax(logits / temperature) over the whole
 *     vocabulary, whatever top-p, top-k or a greedy request removed; at temperature 0 under softmax(logits)
 * @param finishReason why it ended
 */
public record Completion(int[] tokens, float[] logProbs, FinishReason finishReason) {}
