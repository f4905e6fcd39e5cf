/**
 * Extraction and parsing: finds the answer in a response, and parses it into an {@link
 * io.sppostream.verify.math.answer.Answer}.
 */
@NullMarked
package io.sppostream.verify.math.read;

import org.jspecify.annotations.NullMarked;
