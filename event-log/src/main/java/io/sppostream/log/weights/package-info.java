/** Weights on the log: publishing, following and retiring versions. */
@NullMarked
package io.sppostream.log.weights;

import org.jspecify.annotations.NullMarked;
