/**
 * Language models (Qwen2, Qwen3, Llama 3) on DJL's PyTorch engine: checkpoints, tokenizer, sampling, log-probabilities and optimizer steps.
 *
 * <p>This package knows nothing of Kafka, rewards or algorithms: callers pass losses as functions from log-probabilities
 * (or logits) to their gradients.
 */
@NullMarked
package io.sppostream.model;

import org.jspecify.annotations.NullMarked;
