/** Generation: prompts become rollouts, with the behaviour log-probabilities really used. */
@NullMarked
package io.sppostream.rollout;

import org.jspecify.annotations.NullMarked;
