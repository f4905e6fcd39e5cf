/** Replays of recorded runs with another verifier, critic or learner, and their comparison with the recording. */
@NullMarked
package io.sppostream.history.replay;

import org.jspecify.annotations.NullMarked;
