/** Comparison of an answer with its reference, type by type. */
@NullMarked
package io.sppostream.verify.math.compare;

import org.jspecify.annotations.NullMarked;
