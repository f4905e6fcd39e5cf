/**
 * The maths grader: is this answer the reference answer? A pure library without I/O, clock or thread of its own.
 *
 * <p>A verdict passes these files in order: {@link io.sppostream.verify.math.read.AnswerExtractor} finds the one candidate in
 * a response, {@link io.sppostream.verify.math.read.Lexer} and {@link io.sppostream.verify.math.read.AnswerParser} read it
 * into an {@link io.sppostream.verify.math.answer.Answer}, {@link io.sppostream.verify.math.compare.AnswerComparator} compares it with
 * the reference, type by type, and {@link io.sppostream.verify.math.compare.ExpressionComparator} decides whether two
 * expressions are equal: exactly where it can, by arithmetic with error bounds where it must.
 */
@NullMarked
package io.sppostream.verify.math;

import org.jspecify.annotations.NullMarked;
