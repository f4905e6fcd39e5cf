/** How much memory a run takes, by role, before it starts. */
@NullMarked
package io.sppostream.run.memory;

import org.jspecify.annotations.NullMarked;
