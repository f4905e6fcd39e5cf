package io.sppostream.verify.math;

import io.sppostream.verify.math.read.AnswerExtractor;
import io.sppostream.verify.math.read.BoxedAnswer;
import io.sppostream.verify.math.read.ProseAnswer;
import org.jspecify.annotations.Nullable;

/**
 * Grades answers to mathematics problems: finds the candidate answer in a text and has it compared with the reference. A
 * grade depends only on the profile and the two texts, never on time, load or earlier grades. Thread-safe; parsed
 * references are cached and shared.
 */
public final class MathGrader {
    /** Raised whenever any grade may change. */
    public static final String VERSION = "math-1";

    private final GradingProfile profile;
    private final CandidateGrader candidates;

    public MathGrader(GradingProfile profile) {
        this.profile = profile;
        this.candidates = new CandidateGrader(profile);
    }

    /**
     * Grades the whole response of a model. Only an answer that the response marks counts: the last box or, depending on
     * the profile, {@code ####} or an {@code Answer:} line. The last number of a response counts in the profile
     * {@link GradingProfile#LAST_NUMBER} alone, because rewarding it teaches guessing.
     */
    public Grade gradeResponse(String reference, String response) {
        String candidate = profile.readsLastNumber()
                ? AnswerExtractor.boxOrLastNumber(response)
                : AnswerExtractor.fromResponse(response, profile.readsHashes());
        return candidate == null ? candidates.noAnswer(reference, "no-answer") : candidates.grade(reference, candidate);
    }

    /**
     * Grades a prediction: an answer by itself, or a text that ends in one. Unlike in a response, the last formula or
     * number of a text counts, because someone has already decided that the text is the answer.
     */
    public Grade gradePrediction(String reference, String prediction) {
        String text = AnswerExtractor.afterThinking(prediction);
        if (text == null) {
            return candidates.noAnswer(reference, "no-answer");
        }
        if (BoxedAnswer.isIn(text)) {
            String boxed = BoxedAnswer.last(text);
            return boxed == null ? candidates.noAnswer(reference, "unclosed-box") : candidates.grade(reference, boxed);
        }
        String line = AnswerExtractor.announced(text, profile.readsHashes());
        String answer = line == null ? text.strip() : line;
        if (!profile.comparesValues() || !ProseAnswer.isProse(answer)) {
            return candidates.grade(reference, answer);
        }
        String candidate = ProseAnswer.last(answer);
        if (candidate == null) {
            // The words may be the answer themselves.
            Grade ofWords = candidates.grade(reference, answer);
            return ofWords.status() == GradeStatus.CORRECT ? ofWords : candidates.noAnswer(reference, "prose");
        }
        return candidates.grade(reference, candidate);
    }

    /** Why the profile cannot read a reference, or null if it can. */
    @Nullable
    String referenceFailure(String reference) {
        return candidates.referenceFailure(reference);
    }
}
