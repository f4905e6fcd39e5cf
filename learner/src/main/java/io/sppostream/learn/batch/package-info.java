/** Cuts training samples into the batches of steps. */
@NullMarked
package io.sppostream.learn.batch;

import org.jspecify.annotations.NullMarked;
