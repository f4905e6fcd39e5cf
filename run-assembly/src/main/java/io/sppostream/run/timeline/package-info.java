/** When the work of a training step was done, what it waited for, and which of it the step could not do without. */
@NullMarked
package io.sppostream.run.timeline;

import org.jspecify.annotations.NullMarked;
