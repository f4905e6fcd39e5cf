/** The numbers of the grader: exact rationals, balls (numbers with a rigorous error bound), polynomials, and the step budget. */
@NullMarked
package io.sppostream.verify.math.number;

import org.jspecify.annotations.NullMarked;
