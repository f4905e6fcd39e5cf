package io.sppostream.grade;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.events.VerdictStatus;
import io.sppostream.log.UserException;
import io.sppostream.verify.Judgement;
import io.sppostream.verify.MathVerifier;
import io.sppostream.verify.math.Grade;
import io.sppostream.verify.math.GradingProfile;
import io.sppostream.verify.math.MathGrader;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Grades cases with the maths grader. A case is a line with {@code gold}, an answer or a list of alternative answers,
 * and either {@code prediction}, an answer, or {@code response}, a text that marks its answer. If it has a {@code prompt}
 * that ends with {@code <think>}, the response begins with thinking. The output repeats the fields of the case and adds
 * {@code status}, {@code reward}, {@code extracted} and {@code rule}.
 */
public final class CaseGrading {
    private static final List<String> GOLD = List.of("gold");

    /** Orders the judgements by several golds: correct over wrong, wrong over not judged. */
    static final Comparator<Judgement> MOST_FOR_THE_ANSWER =
            Comparator.comparingDouble(judgement -> judgement.reward() == null ? -1 : judgement.reward());

    private final GradingProfile profile;
    private final MathGrader grader;
    private final MathGrader lenient = new MathGrader(GradingProfile.MATH_VERIFY);
    private int foundByLenient;
    private final Map<VerdictStatus, Integer> counts = new EnumMap<>(VerdictStatus.class);

    /** @param profile where to look for answers and how to compare them */
    public CaseGrading(GradingProfile profile) {
        this.profile = profile;
        this.grader = new MathGrader(profile);
    }

    /**
     * Grades cases, in order.
     *
     * @param name name of the input in messages
     * @return the number of cases by status, in words; if most have no answer, also in how many of these the profile {@code
     *     math-verify} finds one
     * @throws UserException if a line is not a case; the message names the line
     */
    public String grade(String name, InputStream in, OutputStream out) {
        LineFilter.run(name, in, out, (line, object) -> List.of(verdict(object)));
        int total = counts.values().stream().mapToInt(Integer::intValue).sum();
        return String.format(
                Locale.ROOT,
                "%,d graded%s%s",
                total,
                counts.entrySet().stream()
                        .map(count -> String.format(Locale.ROOT, ", %,d %s", count.getValue(), count.getKey()))
                        .collect(Collectors.joining()),
                hint(total));
    }

    private String hint(int total) {
        int without = counts.getOrDefault(VerdictStatus.NO_ANSWER, 0);
        return 2 * without <= total || foundByLenient == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "; --profile %s finds an answer in %,d of the %,d without one",
                        GradingProfile.MATH_VERIFY.id(),
                        foundByLenient,
                        without);
    }

    private ObjectNode verdict(ObjectNode object) {
        String prediction = LineFilter.text(object, "prediction");
        String response = LineFilter.text(object, "response");
        boolean thinking = MathGrader.opensThinking(object.path("prompt").asText());
        Judgement verdict = LineFilter.texts(object, GOLD).stream()
                .map(gold -> MathVerifier.judgement(grade(gold, prediction, response, thinking)))
                .max(MOST_FOR_THE_ANSWER)
                .orElseThrow();
        counts.merge(verdict.status(), 1, Integer::sum);
        if (verdict.status() == VerdictStatus.NO_ANSWER && response != null && profile != GradingProfile.MATH_VERIFY) {
            foundByLenient += lenient.gradeResponse("", response, thinking).extracted() == null ? 0 : 1;
        }
        return object.put("status", verdict.status().name())
                .put("reward", verdict.reward())
                .put("extracted", verdict.extracted())
                .put("rule", verdict.rule());
    }

    private Grade grade(String gold, @Nullable String prediction, @Nullable String response, boolean thinkingOpened) {
        if (prediction != null && response != null) {
            throw new UserException("has both a prediction and a response: leave out the one not to be graded");
        }
        if (prediction != null) {
            return grader.gradePrediction(gold, prediction);
        }
        if (response != null) {
            return grader.gradeResponse(gold, response, thinkingOpened);
        }
        throw new UserException("has no prediction or response");
    }
}
