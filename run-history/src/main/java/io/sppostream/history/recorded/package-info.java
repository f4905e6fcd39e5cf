/** Reading of recorded runs: their cluster, their steps and samples in the order of the ledger, and their lineage. */
@NullMarked
package io.sppostream.history.recorded;

import org.jspecify.annotations.NullMarked;
