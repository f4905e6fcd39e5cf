/** rollouts -> verdicts: judges responses against the reference answer. */
@NullMarked
package io.sppostream.verify;

import org.jspecify.annotations.NullMarked;
