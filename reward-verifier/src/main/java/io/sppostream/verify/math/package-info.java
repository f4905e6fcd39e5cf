/**
 * The maths grader: decides whether an answer equals a reference. A pure library without I/O, clock or threads.
 *
 * <p>A grade passes through these classes in order: {@link io.sppostream.verify.math.MathGrader} has {@link
 * io.sppostream.verify.math.read.AnswerExtractor} find the candidate in a response, {@link
 * io.sppostream.verify.math.read.AnswerParser} parses it into an {@link io.sppostream.verify.math.answer.Answer}, and
 * {@link io.sppostream.verify.math.compare.AnswerComparator} compares it with the reference, by type. Expressions are
 * compared exactly if possible, otherwise by arithmetic with error bounds.
 */
@NullMarked
package io.sppostream.verify.math;

import org.jspecify.annotations.NullMarked;
