/** Numbers the grader computes with: exact rationals, balls (intervals with a rigorous radius), polynomials, and the budget of steps. */
@NullMarked
package io.sppostream.verify.math.number;

import org.jspecify.annotations.NullMarked;
