package io.sppostream.verify.math;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.number.Undecided;
import io.sppostream.verify.math.read.AnswerParser;
import io.sppostream.verify.math.read.ParseFailure;
import org.jspecify.annotations.Nullable;

/**
 * The result of parsing an answer.
 *
 * @param answer the answer; null if it cannot be parsed
 * @param failure why it cannot be parsed, as a rule id; empty otherwise
 */
record ParsedAnswer(@Nullable Answer answer, String failure) {

    /** Parses a text. */
    static ParsedAnswer of(String text) {
        try {
            return new ParsedAnswer(AnswerParser.parse(text), "");
        } catch (ParseFailure failure) {
            return new ParsedAnswer(null, failure.why());
        } catch (Undecided tooLarge) {
            return new ParsedAnswer(null, "too-large");
        }
    }
}
