/** What an answer is: expressions, and the types of answers made of them. */
@NullMarked
package io.sppostream.verify.math.answer;

import org.jspecify.annotations.NullMarked;
