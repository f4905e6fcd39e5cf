package io.sppostream.verify.math;

import io.sppostream.verify.math.read.AnswerExtractor;
import io.sppostream.verify.math.read.BoxedAnswer;
import io.sppostream.verify.math.read.Extraction;
import io.sppostream.verify.math.read.ProseAnswer;
import org.jspecify.annotations.Nullable;

/**
 * Grades answers to mathematics problems: finds the candidate answer in a text and has it compared with the reference. A
 * grade depends only on the profile and the texts, never on time, load or earlier grades. Thread-safe; parsed references
 * are cached and shared.
 */
public final class MathGrader {
    /** Raised whenever any grade may change. */
    public static final String VERSION = "math-2";

    private final GradingProfile profile;
    private final CandidateGrader candidates;

    public MathGrader(GradingProfile profile) {
        this.profile = profile;
        this.candidates = new CandidateGrader(profile);
    }

    /** Grades the whole response of a model to a prompt that has not opened a think block. */
    public Grade gradeResponse(String reference, String response) {
        return gradeResponse(reference, response, false);
    }

    /**
     * Grades the whole response of a model: the answer that the profile finds in it. Under the profiles {@code math},
     * {@code gsm8k} and {@code gsm8k-strict} only an answer that the response marks counts, because rewarding any last
     * number would teach guessing.
     *
     * @param thinkingOpened whether the prompt ends with an open think block, as some chat templates write it. A response
     *     that does not close the block was cut off while thinking: it has no answer.
     */
    public Grade gradeResponse(String reference, String response, boolean thinkingOpened) {
        String text = AnswerExtractor.afterThinking(response, thinkingOpened);
        if (text == null) {
            return candidates.noAnswer(reference, "unclosed-thinking");
        }
        String candidate = AnswerExtractor.fromResponse(text, profile.extraction());
        return candidate == null ? candidates.noAnswer(reference, "no-answer") : candidates.grade(reference, candidate);
    }

    /**
     * Grades a prediction: an answer by itself, or a text that ends in one. Whatever the profile, in prose the expression
     * that "the answer is" announces or the last one counts, because someone has already decided that the text is the
     * answer.
     */
    public Grade gradePrediction(String reference, String prediction) {
        String text = AnswerExtractor.afterThinking(prediction, false);
        if (text == null) {
            return candidates.noAnswer(reference, "unclosed-thinking");
        }
        if (BoxedAnswer.isIn(text)) {
            String boxed = BoxedAnswer.last(text);
            return boxed == null ? candidates.noAnswer(reference, "unclosed-box") : candidates.grade(reference, boxed);
        }
        String line = AnswerExtractor.announced(text, profile.extraction());
        String answer = line == null ? text.strip() : line;
        if (!profile.comparison().parses() || !ProseAnswer.isProse(answer)) {
            return candidates.grade(reference, answer);
        }
        String candidate = AnswerExtractor.fromResponse(answer, Extraction.ANYWHERE);
        if (candidate == null) {
            // The words may be the answer themselves.
            Grade ofWords = candidates.grade(reference, answer);
            return ofWords.status() == GradeStatus.CORRECT ? ofWords : candidates.noAnswer(reference, "prose");
        }
        return candidates.grade(reference, candidate);
    }

    /** Whether a prompt ends with an open think block, so that its response begins with thinking. */
    public static boolean opensThinking(String prompt) {
        return prompt.stripTrailing().endsWith(AnswerExtractor.THINKING);
    }

    /** Why the profile cannot read a reference, or null if it can. */
    @Nullable
    String referenceFailure(String reference) {
        return candidates.referenceFailure(reference);
    }
}
