/** Runs: their roles, all in one process or each alone, from start to summary. */
@NullMarked
package io.sppostream.run;

import org.jspecify.annotations.NullMarked;
