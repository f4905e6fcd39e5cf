/** rollouts + verdicts + values -> advantages: joins, deduplicates, estimates. */
@NullMarked
package io.sppostream.advantage;

import org.jspecify.annotations.NullMarked;
