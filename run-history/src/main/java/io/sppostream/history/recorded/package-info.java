/** Runs that are on the log: where they are, and what they trained on, in the order of the ledger. */
@NullMarked
package io.sppostream.history.recorded;

import org.jspecify.annotations.NullMarked;
