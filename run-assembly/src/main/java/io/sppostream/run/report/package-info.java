/** What a person sees of a run: progress, learning curve, summary, figure. */
@NullMarked
package io.sppostream.run.report;

import org.jspecify.annotations.NullMarked;
