/** Generation: turns prompts into rollouts, with the log-probabilities that their tokens were really sampled with. */
@NullMarked
package io.sppostream.rollout;

import org.jspecify.annotations.NullMarked;
