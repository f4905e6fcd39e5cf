/** Weights on the log: publishing, following and deleting versions. */
@NullMarked
package io.sppostream.log.weights;

import org.jspecify.annotations.NullMarked;
