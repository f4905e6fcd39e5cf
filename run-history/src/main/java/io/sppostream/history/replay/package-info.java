/** The replay: recorded samples through another verifier, critic or learner, beside what came of them the first time. */
@NullMarked
package io.sppostream.history.replay;

import org.jspecify.annotations.NullMarked;
