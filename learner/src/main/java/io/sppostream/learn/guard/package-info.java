/** What keeps a learner from training on the wrong samples: circuit breakers, pauses, the cap on staleness. */
@NullMarked
package io.sppostream.learn.guard;

import org.jspecify.annotations.NullMarked;
