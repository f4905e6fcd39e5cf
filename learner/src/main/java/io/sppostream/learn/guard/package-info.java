/** Keeps a learner from training on the wrong samples: circuit breakers, pauses, the hard cap on lag. */
@NullMarked
package io.sppostream.learn.guard;

import org.jspecify.annotations.NullMarked;
