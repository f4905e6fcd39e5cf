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
 * Verdicts on cases: each line has {@code gold}, an answer or a list of them of which any is right, and either
 * {@code prediction}, an answer, or {@code response}, a text that marks its answer. Each comes back with its fields and
 * {@code status}, {@code reward}, {@code extracted} and {@code rule}.
 */
public final class CaseGrading {
    private static final List<String> GOLD = List.of("gold");

    /** Of the verdicts by several golds: right, else wrong, else not to be judged by. */
    static final Comparator<Judgement> MOST_FOR_THE_ANSWER =
            Comparator.comparingDouble(judgement -> judgement.reward() == null ? -1 : judgement.reward());

    private final MathGrader grader;
    private final Map<VerdictStatus, Integer> counts = new EnumMap<>(VerdictStatus.class);

    /** @param profile where answers are looked for and how they are compared */
    public CaseGrading(GradingProfile profile) {
        this.grader = new MathGrader(profile);
    }

    /**
     * Grades cases, in order.
     *
     * @param name what messages call the input
     * @return how many there were of each status, in words
     * @throws UserException naming the first line that is not a case
     */
    public String grade(String name, InputStream in, OutputStream out) {
        LineFilter.answer(name, in, out, (line, object) -> List.of(verdict(object)));
        int total = counts.values().stream().mapToInt(Integer::intValue).sum();
        return String.format(
                Locale.ROOT,
                "%,d graded%s",
                total,
                counts.entrySet().stream()
                        .map(count -> String.format(Locale.ROOT, ", %,d %s", count.getValue(), count.getKey()))
                        .collect(Collectors.joining()));
    }

    private ObjectNode verdict(ObjectNode object) {
        String prediction = LineFilter.text(object, "prediction");
        String response = LineFilter.text(object, "response");
        Judgement verdict = LineFilter.texts(object, GOLD).stream()
                .map(gold -> MathVerifier.judgement(grade(gold, prediction, response)))
                .max(MOST_FOR_THE_ANSWER)
                .orElseThrow();
        counts.merge(verdict.status(), 1, Integer::sum);
        return object.put("status", verdict.status().name())
                .put("reward", verdict.reward())
                .put("extracted", verdict.extracted())
                .put("rule", verdict.rule());
    }

    private Grade grade(String gold, @Nullable String prediction, @Nullable String response) {
        if (prediction != null && response != null) {
            throw new UserException("has both a prediction and a response: leave out the one not to be graded");
        }
        if (prediction != null) {
            return grader.gradePrediction(gold, prediction);
        }
        if (response != null) {
            return grader.gradeResponse(gold, response);
        }
        throw new UserException("has no prediction or response");
    }
}
