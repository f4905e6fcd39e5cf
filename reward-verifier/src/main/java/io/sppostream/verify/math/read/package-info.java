/** Reading: from a response to the answer in it, and from its text to an {@link io.sppostream.verify.math.answer.Answer}. */
@NullMarked
package io.sppostream.verify.math.read;

import org.jspecify.annotations.NullMarked;
