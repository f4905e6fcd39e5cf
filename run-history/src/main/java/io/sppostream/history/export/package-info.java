/** Versions of a recorded run as checkpoints. */
@NullMarked
package io.sppostream.history.export;

import org.jspecify.annotations.NullMarked;
