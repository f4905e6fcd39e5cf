/** Compares an answer with a reference, by a comparator for each type of answer. */
@NullMarked
package io.sppostream.verify.math.compare;

import org.jspecify.annotations.NullMarked;
