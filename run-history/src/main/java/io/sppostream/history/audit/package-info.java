/** Audits of recorded runs, from request counts to the hashes of weights, and traces of single requests. */
@NullMarked
package io.sppostream.history.audit;

import org.jspecify.annotations.NullMarked;
