/** Reports of a run for a person: live line, learning curve, summary, figure. */
@NullMarked
package io.sppostream.run.report;

import org.jspecify.annotations.NullMarked;
