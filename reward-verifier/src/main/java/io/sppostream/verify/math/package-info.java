/**
 * The maths grader: is this answer the reference answer? A pure library without I/O, clock or thread of its own.
 *
 * <p>A verdict passes these files in order: {@link io.sppostream.verify.math.AnswerExtractor} finds the one candidate in
 * a response, {@link io.sppostream.verify.math.Tokenizer} and {@link io.sppostream.verify.math.AnswerParser} read it
 * into an {@link io.sppostream.verify.math.Answer}, {@link io.sppostream.verify.math.AnswerComparator} compares it with
 * the reference, type by type, and {@link io.sppostream.verify.math.ExpressionComparator} decides whether two
 * expressions are equal: exactly where it can, by arithmetic with error bounds where it must.
 */
@NullMarked
package io.sppostream.verify.math;

import org.jspecify.annotations.NullMarked;
