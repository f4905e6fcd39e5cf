/** Deletion of a recorded run from its cluster. */
@NullMarked
package io.sppostream.history.delete;

import org.jspecify.annotations.NullMarked;
