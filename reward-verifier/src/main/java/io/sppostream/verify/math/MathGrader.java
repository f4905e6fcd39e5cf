package io.sppostream.verify.math;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.compare.AnswerComparator;
import io.sppostream.verify.math.compare.CompatTolerance;
import io.sppostream.verify.math.compare.Decision;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;
import io.sppostream.verify.math.read.AnswerExtractor;
import io.sppostream.verify.math.read.AnswerParser;
import io.sppostream.verify.math.read.ChoiceLetter;
import io.sppostream.verify.math.read.ParseFailure;
import io.sppostream.verify.math.read.UnitWords;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Grades answers to mathematics problems. Pure: a verdict depends on the profile and the two texts only, never on time,
 * load or what was graded before. Safe for use by any number of threads; parsed references are kept and shared.
 */
public final class MathGrader {
    /** Raised whenever any verdict may change. */
    public static final String VERSION = "math-1";

    private static final int MAX_CACHED_REFERENCES = 20_000;

    private static final Pattern WORDS_IN_A_ROW =
            Pattern.compile("(?<![\\\\A-Za-z])([A-Za-z]{2,})\\s+([A-Za-z]{2,})(?![A-Za-z])");
    private static final Pattern WORD_BESIDE_MATH =
            Pattern.compile("(?<![\\\\A-Za-z])([A-Za-z]{3,})[^A-Za-z$\\\\]*(?:\\$|\\\\[(\\[])");
    private static final Pattern TEXT_COMMAND =
            Pattern.compile("\\\\(?:text|textnormal|textbf|mathrm|mbox)\\s*\\{[^{}]*+\\}");
    private static final Pattern CONJUNCTION = Pattern.compile("(?i)and|or|percent|pct|percentage");

    private final GradingProfile profile;
    private final ConcurrentMap<String, Parsed> references = new ConcurrentHashMap<>();

    /** An answer as read, or why it could not be. */
    private record Parsed(String source, @Nullable Answer answer, String failure) {}

    public MathGrader(GradingProfile profile) {
        this.profile = profile;
    }

    /**
     * Grades a model's whole response. Only what it marks as its answer counts: the last box, or by profile {@code ####}
     * or an {@code Answer:} line. A number that merely comes last does not, as rewarding it would teach guessing.
     */
    public Grade gradeResponse(String reference, String response) {
        String candidate = AnswerExtractor.fromResponse(response, hashes());
        return candidate == null
                ? withoutCandidate(reference, GradeStatus.NO_ANSWER, "no-answer")
                : judge(reference, candidate);
    }

    /**
     * Grades a prediction: an answer by itself, or a text that comes down to one. The last formula or number of a text
     * counts here, as someone has already decided that this is the answer.
     */
    public Grade gradePrediction(String reference, String prediction) {
        String text = AnswerExtractor.afterThinking(prediction);
        if (text == null) {
            return withoutCandidate(reference, GradeStatus.NO_ANSWER, "no-answer");
        }
        if (AnswerExtractor.hasBox(text)) {
            String boxed = AnswerExtractor.boxed(text);
            return boxed == null
                    ? withoutCandidate(reference, GradeStatus.NO_ANSWER, "unclosed-box")
                    : judge(reference, boxed);
        }
        String line = AnswerExtractor.announced(text, hashes());
        String answer = line == null ? text.strip() : line;
        if (profile == GradingProfile.EXACT || profile == GradingProfile.CHOICE || !isProse(answer)) {
            return judge(reference, answer);
        }
        String candidate = AnswerExtractor.fromProse(answer);
        if (candidate == null) {
            // Words may be the answer themselves.
            Grade verbatim = judge(reference, answer);
            return verbatim.status() == GradeStatus.CORRECT
                    ? verbatim
                    : withoutCandidate(reference, GradeStatus.NO_ANSWER, "prose");
        }
        return judge(reference, candidate);
    }

    private boolean hashes() {
        return profile == GradingProfile.GSM8K;
    }

    /** Whether this profile can read the reference; null where it can, else why not. */
    @Nullable
    String referenceFailure(String reference) {
        if (profile == GradingProfile.EXACT) {
            return referenceText(reference).isBlank() ? "empty" : null;
        }
        if (profile == GradingProfile.CHOICE) {
            return ChoiceLetter.leading(referenceText(reference)) == null ? "no-choice" : null;
        }
        Parsed parsed = reference(reference);
        return parsed.answer() == null ? parsed.failure() : null;
    }

    // ---- references ----

    private Parsed reference(String reference) {
        Parsed known = references.get(reference);
        if (known != null) {
            return known;
        }
        Parsed parsed = parse(referenceText(reference));
        // Emptying it now and then bounds the cache without ordering it on every read.
        if (references.size() >= MAX_CACHED_REFERENCES) {
            references.clear();
        }
        if (reference.length() <= AnswerExtractor.MAX_ANSWER) {
            references.put(reference, parsed);
        }
        return parsed;
    }

    /** The answer within a reference, which may be a whole solution. */
    private String referenceText(String reference) {
        if (AnswerExtractor.hasBox(reference)) {
            String boxed = AnswerExtractor.boxed(reference);
            return boxed == null ? reference : boxed;
        }
        int hashes = hashes() ? reference.lastIndexOf("####") : -1;
        return hashes < 0 ? reference : reference.substring(hashes + 4);
    }

    private static Parsed parse(String source) {
        try {
            return new Parsed(source, AnswerParser.parse(source), "");
        } catch (ParseFailure failure) {
            return new Parsed(source, null, failure.why());
        } catch (Undecided tooLarge) {
            return new Parsed(source, null, "too-large");
        }
    }

    private Grade withoutCandidate(String reference, GradeStatus status, String rule) {
        String failure = referenceFailure(reference);
        return failure == null
                ? new Grade(status, null, rule)
                : new Grade(GradeStatus.UNPARSEABLE_REFERENCE, null, failure);
    }

    // ---- prose ----

    /** Whether a text speaks, rather than being an answer: two words in a row, or a word before a formula. */
    private static boolean isProse(String text) {
        if (text.length() > AnswerExtractor.MAX_ANSWER) {
            return true;
        }
        // Words within a text command are part of an answer, and the parser knows which it accepts.
        String outside = TEXT_COMMAND.matcher(text).replaceAll(" ");
        var rows = WORDS_IN_A_ROW.matcher(outside);
        for (int from = 0; rows.find(from); from = rows.end(1)) {
            if (!isAnswerWord(rows.group(1)) && !isAnswerWord(rows.group(2))) {
                return true;
            }
        }
        var beside = WORD_BESIDE_MATH.matcher(outside);
        while (beside.find()) {
            if (!isAnswerWord(beside.group(1))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAnswerWord(String word) {
        return CONJUNCTION.matcher(word).matches() || UnitWords.isBareUnit(word);
    }

    // ---- judging ----

    private Grade judge(String reference, String candidate) {
        return switch (profile) {
            case EXACT -> exact(reference, candidate);
            case CHOICE -> choice(reference, candidate);
            case MATH, GSM8K, SPPO_COMPAT -> typed(reference, candidate);
        };
    }

    private Grade exact(String reference, String candidate) {
        return graded(referenceText(reference).strip().equals(candidate.strip()), candidate, "exact");
    }

    private Grade choice(String reference, String candidate) {
        String letter = ChoiceLetter.leading(referenceText(reference));
        if (letter == null) {
            return new Grade(GradeStatus.UNPARSEABLE_REFERENCE, candidate, "no-choice");
        }
        String chosen = ChoiceLetter.leading(candidate);
        return chosen == null
                ? new Grade(GradeStatus.UNPARSEABLE_ANSWER, candidate, "no-choice")
                : graded(letter.equals(chosen), candidate, "choice");
    }

    private static Grade graded(boolean correct, String candidate, String rule) {
        return new Grade(correct ? GradeStatus.CORRECT : GradeStatus.INCORRECT, candidate, rule);
    }

    private Grade typed(String reference, String candidate) {
        Parsed expected = reference(reference);
        if (expected.answer() == null) {
            return new Grade(GradeStatus.UNPARSEABLE_REFERENCE, candidate, expected.failure());
        }
        String letter = ChoiceLetter.only(expected.source());
        if (letter != null) {
            String chosen = ChoiceLetter.leading(candidate);
            if (chosen != null) {
                return graded(letter.equals(chosen), candidate, "choice");
            }
        }
        Parsed given = parse(candidate);
        if (given.answer() == null) {
            return new Grade(GradeStatus.UNPARSEABLE_ANSWER, candidate, given.failure());
        }
        Decision decision = decide(expected.answer(), given.answer());
        return switch (decision.outcome()) {
            case EQUAL -> new Grade(GradeStatus.CORRECT, candidate, decision.rule());
            case DIFFERENT, UNDECIDED -> new Grade(GradeStatus.INCORRECT, candidate, decision.rule());
            case BUDGET_EXCEEDED -> new Grade(GradeStatus.BUDGET_EXCEEDED, candidate, decision.rule());
        };
    }

    private Decision decide(Answer expected, Answer given) {
        try {
            Decision decision = new AnswerComparator(new StepBudget()).compare(expected, given);
            return profile == GradingProfile.SPPO_COMPAT && !decision.isEqual()
                    ? CompatTolerance.compare(expected, given, decision)
                    : decision;
        } catch (Undecided undecided) {
            return Decision.of(undecided);
        }
    }
}
