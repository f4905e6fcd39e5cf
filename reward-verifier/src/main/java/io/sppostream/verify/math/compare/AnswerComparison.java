package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;

/** Compares an answer with a reference; lets comparators of compound answers compare their parts. */
@FunctionalInterface
interface AnswerComparison {
    Decision compare(Answer reference, Answer answer);
}
