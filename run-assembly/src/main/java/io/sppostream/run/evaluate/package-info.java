/** Held-out accuracy of policy versions, and rewards without a log. */
@NullMarked
package io.sppostream.run.evaluate;

import org.jspecify.annotations.NullMarked;
