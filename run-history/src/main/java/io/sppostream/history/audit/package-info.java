/** The audit: whether what is on the log adds up, down to the hashes of the weights. */
@NullMarked
package io.sppostream.history.audit;

import org.jspecify.annotations.NullMarked;
