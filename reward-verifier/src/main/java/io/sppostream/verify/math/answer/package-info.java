/** Parsed answers: expressions, and the types of answers that consist of them. */
@NullMarked
package io.sppostream.verify.math.answer;

import org.jspecify.annotations.NullMarked;
